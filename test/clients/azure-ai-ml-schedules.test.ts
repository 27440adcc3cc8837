// azure-ai-ml, unpatched, against a sandbox of its own: schedules that fire.
import { azureMlScript } from "./azure-ai-ml.ts";

azureMlScript("schedules", 4, {
  "schedules.begin_create_or_update": { frequency: "day", enabled: true },
  "schedules.get": { expression: "* * * * *" },
  "schedules.list": { names: ["cron", "night", "often"] },
  "schedules.begin_create_or_update: fires": { ended: ["Completed", "Completed"] },
  "schedules.begin_disable": { enabled: false },
  "schedules.begin_enable": { enabled: true },
  "schedules.trigger": { ended: "Completed" },
  "schedules.begin_delete": { enabled_refused: true, left: ["night"] },
  "jobs.list": { scheduled: true },
});
