// Bad days of the release train on which something dies or Azure is unwell: each command is killed at its moments, the sandbox too.
import { faultDays } from "./bad-days/faults.ts";
import { killedBeforeProd } from "./bad-days/killedBeforeProd.ts";
import { killedInProd } from "./bad-days/killedInProd.ts";
import { restartDays } from "./bad-days/restarts.ts";
import { runDays } from "./bad-days/run.ts";

runDays("killed", [...killedBeforeProd, ...killedInProd, ...restartDays, ...faultDays]);
