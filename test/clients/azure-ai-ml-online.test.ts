// azure-ai-ml, unpatched, against a sandbox of its own: online endpoints.
import { azureMlScript, succeeded } from "./azure-ai-ml.ts";

azureMlScript("online", 6, {
  "online_endpoints.begin_create_or_update": { auth: "key", ...succeeded },
  "online_deployments.begin_create_or_update": succeeded,
  "online_endpoints.begin_create_or_update: traffic": { traffic: { blue: 100 } },
  "online_endpoints.invoke": { answer: [101, 102] },
  "online_endpoints.invoke: a deployment": { answer: [101, 102] },
  "online_endpoints.begin_create_or_update: split": { traffic: { blue: 90, green: 10 } },
  "online_endpoints.begin_create_or_update: mirror": { mirror: { green: 10 } },
  "online_endpoints.get": { tags: "b" },
  "online_endpoints.list": { names: ["adder-clients"] },
  "online_deployments.list": { names: ["blue", "green"] },
  "online_deployments.get_logs": { ready: true, asked: true },
  "online_deployments.get_logs: storage initializer": { said: true },
  "online_deployments.begin_create_or_update: instances": { count: 2 },
  "online_deployments.get": { count: 2 },
  "online_endpoints.get_keys": { two: true },
  "online_endpoints.begin_regenerate_keys": { changed: [false, true] },
  "online_deployments.begin_delete: with traffic": { refused: true },
  "online_deployments.begin_delete": { left: ["blue"] },
  "online_deployments.begin_create_or_update: broken": { failed: true, says: true },
  "online_endpoints.get_keys: token": { token: true, expires: true },
  "online_endpoints.begin_delete": { gone: true },
});
