// azure-ai-ml, unpatched, against a sandbox of its own: batch endpoints.
import { azureMlScript, completed, succeeded } from "./azure-ai-ml.ts";

azureMlScript("batch", 4, {
  "batch_endpoints.begin_create_or_update": { description: "adds" },
  "batch_deployments.begin_create_or_update": succeeded,
  "batch_endpoints.begin_create_or_update: default deployment": { default: "first" },
  "batch_endpoints.invoke": { ...completed, rows: ["a.txt,101", "b.txt,102", "c.txt,103"] },
  "batch_endpoints.invoke: a folder from here": completed,
  "batch_endpoints.list_jobs": { jobs: true },
  "batch_deployments.list_jobs": { jobs: 2 },
  "batch_endpoints.get": { auth: "aad_token" },
  "batch_endpoints.list": { names: ["adder-batch"] },
  "batch_deployments.get": { compute: "cpu-cluster" },
  "batch_deployments.list": { names: ["first"] },
  "batch_deployments.begin_delete": { left: [] },
  "batch_endpoints.begin_delete": { left: [] },
});
