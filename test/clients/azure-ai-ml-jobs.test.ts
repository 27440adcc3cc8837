// azure-ai-ml, unpatched, against a sandbox of its own: commands, pipelines, and what is done with jobs.
import { azureMlScript, completed, notModelled } from "./azure-ai-ml.ts";

azureMlScript("jobs", 4, {
  "jobs.create_or_update: command": { name: "count", type: "command" },
  "jobs.stream": { log: true, summary: true },
  "jobs.get": { ...completed, display: "Counts", tags: "ml", experiment: "clients" },
  "jobs.download: all": { count: ["named-outputs/counted/count.txt"], log: true },
  "jobs.download: output": { files: ["named-outputs/counted/count.txt"] },
  "jobs.show_services": { services: [] },
  "jobs.update": { display: "Counted" },
  "jobs.stream: failure": { raised: true, says: true },
  "jobs.begin_cancel": { status: "Canceled" },
  "jobs.archive": { active: ["count", "fails"] },
  "jobs.restore": { active: ["count", "fails", "long"] },
  "jobs.begin_delete": { left: ["count", "long"] },
  "jobs.validate": { passed: true },
  "jobs.create_or_update: pipeline": { ...completed, shows: true },
  "jobs.list: children": { status: ["Completed", "Completed"], named: ["first", "second"] },
  "jobs.create_or_update: output as an asset": { path: true },
  "jobs.download: pipeline's output": { files: ["named-outputs/second/count.txt"] },
  "models.create_or_update: a job's output": { files: ["count.txt"] },
  "components.create_or_update: pipeline": { type: "pipeline", outputs: ["counted"] },
  "jobs.create_or_update: registered pipeline component": { status: ["Completed", "Completed"] },
  "jobs.download: nested pipeline's output": { files: ["named-outputs/counted/count.txt"] },
  "jobs.create_or_update: spark": notModelled,
  "data.import_data": notModelled,
});
