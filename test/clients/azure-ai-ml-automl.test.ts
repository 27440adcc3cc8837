// azure-ai-ml, unpatched, against a sandbox of its own: automated ML on tables.
import { azureMlScript, completed, notModelled } from "./azure-ai-ml.ts";

azureMlScript("automl", 6, {
  "jobs.create_or_update: automl, classification": { ...completed, score: true, best: true, trials: 2 },
  "jobs.download: the best trial's files": { mlmodel: true },
  "models.create_or_update: automl's best model": { type: "mlflow_model" },
  "jobs.create_or_update: automl, regression": { ...completed, score: true },
  "jobs.create_or_update: automl, forecasting": notModelled,
});
