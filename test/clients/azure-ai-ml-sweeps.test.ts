// azure-ai-ml, unpatched, against a sandbox of its own: sweeps.
import { azureMlScript, completed, notModelled } from "./azure-ai-ml.ts";

azureMlScript("sweeps", 4, {
  "jobs.create_or_update: sweep, grid": { ...completed, best: "grid_1", x: ["1"] },
  "jobs.create_or_update: sweep, random": { ...completed, trials: 4 },
  "jobs.create_or_update: sweep, early stop": { ...completed, trials: ["Canceled", "Completed"] },
  "jobs.create_or_update: sweep, bayesian": notModelled,
});
