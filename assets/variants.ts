// How a model is made. Each way has files of its own for what follows, as the models differ in what they log and how they are served.

/** The role of the job's file, of the gate's rules, of the deployment's file (layout.ts), and the folder of the acceptance requests. */
export const VARIANTS = {
  pipeline: { job: "pipeline", gate: "gate", deployment: "deployment", acceptance: "deploy/acceptance" },
  automl: { job: "automl", gate: "automlGate", deployment: "automlDeployment", acceptance: "deploy/automl-acceptance" },
} as const;

export type Variant = keyof typeof VARIANTS;
export const variants = Object.keys(VARIANTS) as readonly Variant[];
