// What one AutoML trial's program is told, and which trials an ensemble is made of.
import type { Candidate, Search } from "../search/search.ts";
import type { Trial } from "../search/trials.ts";

/** Azure's ensembles draw from the best five. */
const largest = 5;

export interface Member {
  readonly model: NonNullable<Candidate["model"]>;
  readonly weight: number;
}

/** The best trials with weights by rank; undefined when there are fewer than two. */
export function ensembleOf(best: readonly Trial[]): readonly Member[] | undefined {
  const models = best.filter((trial) => !trial.candidate.ensemble).slice(0, largest);
  if (models.length < 2) return undefined;
  return models.map((trial, rank) => ({ model: trial.candidate.model!, weight: 1 / (rank + 1) }));
}

/** `SANDBOX_AUTOML`: the data's settings, the model and, for an ensemble, its members. */
export const trialVariables = (search: Search, candidate: Candidate, members: readonly Member[] | undefined): Record<string, string> => ({
  SANDBOX_AUTOML: JSON.stringify({ ...search.config, ...candidate.model, ...(members ? { members } : {}) }),
});
