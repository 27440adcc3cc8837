// Bad days of the release train: the gate, the registry, qa, approvals, prod and its canary, two runs at once. docs/bad-days.md tells of them.
import { approvalDays } from "./bad-days/approvals.ts";
import { atOnceDays } from "./bad-days/atOnce.ts";
import { beforeQaDays } from "./bad-days/beforeQa.ts";
import { canaryDays } from "./bad-days/canary.ts";
import { prodDays } from "./bad-days/inProd.ts";
import { qaDays } from "./bad-days/inQa.ts";
import { runDays } from "./bad-days/run.ts";

runDays("refused", [...beforeQaDays, ...qaDays, ...approvalDays, ...prodDays, ...canaryDays, ...atOnceDays]);
