// `mlops invoke`: sends a request to a stage's endpoint and prints what it answers.
import { readFileSync } from "node:fs";
import { type Call, type Command, CommandError, option, UsageError } from "../command.ts";
import { type Answer, readEndpoint, score } from "../flow/endpoint.ts";
import { projectFile } from "../project.ts";
import { open, projectOf, stageOptions } from "../open.ts";

export const invoke: Command = {
  name: "invoke",
  summary: "send a request to a stage's endpoint and print the answer",
  details:
    "Without --request-file it sends deploy/sample-request.json of the project. An answer of 4xx or 5xx is printed and ends with exit code 1.",
  examples: [
    "npx mlops invoke --stage dev",
    "npx mlops invoke --stage prod --deployment green --request-file request.json   # straight to one slot",
  ],
  options: [
    ...stageOptions,
    { flags: "--request-file <file>", description: "the request's JSON; - reads standard input" },
    { flags: "--deployment <slot>", description: "this deployment, whatever the traffic (header azureml-model-deployment)" },
  ],
  async run(call) {
    const given = option(call, "requestFile");
    const parsed = given === undefined ? undefined : readRequest(given);
    const { workspace, pulumi, stage } = await open(call);
    const request = parsed ?? readRequest(projectFile(call.repo, await projectOf(pulumi, stage), "sampleRequest"));
    const answer = await score(workspace, await readEndpoint(workspace), request, option(call, "deployment"));
    printAnswer(call, answer);
    call.out.result(answer);
    if (answer.status === 0 || answer.status >= 400) throw refusedBy(answer, stage);
  },
};

/** What an answer that is none, or an error, means, and what to do. */
export function refusedBy({ status, body }: Pick<Answer, "status" | "body">, stage: string): CommandError {
  if (status === 0)
    return new CommandError(
      `the endpoint did not answer: ${String(body)}`,
      `Try again; \`mlops status --stage ${stage}\` says how it stands.`,
    );
  const logs = `\`mlops logs --stage ${stage}\` shows what the container said.`;
  const next =
    status === 429
      ? "It takes no more requests at once. Try again; if it stays, raise instance_count or request_settings.max_concurrent_requests_per_instance in deploy/."
      : status === 401 || status === 403
        ? "The key or token is not good for it: run `az login` again, or ask for the role AzureML Data Scientist on the workspace."
        : status === 502 || status === 503 || status === 504
          ? `It is not ready, or overloaded: try again; \`mlops status --stage ${stage}\` says how it stands. ${logs}`
          : logs;
  return new CommandError(`the endpoint answered ${status}`, next);
}

export function printAnswer(call: Pick<Call, "out">, answer: Answer): void {
  call.out.progress(
    `${answer.status === 0 ? "no answer" : answer.status} from ${answer.deployment ?? "the endpoint"} in ${answer.milliseconds.toFixed(0)} ms`,
  );
  call.out.print(typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body));
}

function readRequest(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    throw new UsageError(`cannot read ${file}: ${(error as Error).message}`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${file}: ${(error as Error).message}; a request is one JSON document`);
  }
}
