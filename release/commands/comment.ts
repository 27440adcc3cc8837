// `mlops comment`: one comment on a pull request, kept up to date, from a file.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { type Command, CommandError, option, UsageError } from "../command.ts";
import { azureDevOpsPort, type CommentPort, githubPort, keepComment } from "../flow/comment.ts";

export const comment: Command = {
  name: "comment",
  summary: "put a file on the pull request as the one comment that is kept up to date",
  details:
    "In GitHub Actions it needs GITHUB_TOKEN with pull-requests: write; in Azure Pipelines SYSTEM_ACCESSTOKEN and the build service's right to contribute to pull requests. " +
    "Which of the two, and where, it reads from the pipeline's own variables.",
  examples: ["npx mlops comment --file preview.md --pull-request 12"],
  options: [
    { flags: "--file <file>", description: "Markdown, as `mlops preview --markdown` writes it", default: "preview.md" },
    { flags: "--pull-request <number>", description: "default: the one that the pipeline runs for" },
  ],
  async run(call) {
    const env = process.env;
    const number = option(call, "pullRequest") ?? env.SYSTEM_PULLREQUEST_PULLREQUESTID;
    if (!number || !/^\d+$/.test(number))
      throw new UsageError(`--pull-request is ${number ? `"${number}"` : "not given"}; it must be the pull request's number`);
    const text = readFileSync(resolve(call.repo, option(call, "file")!), "utf8");
    const port = portFor(env, number);
    const done = await keepComment(port, text);
    call.out.print(`comment ${done} on pull request ${number}`);
    call.out.result({ pullRequest: Number(number), comment: done });
  },
};

function portFor(env: NodeJS.ProcessEnv, number: string): CommentPort {
  const need = (name: string): string => {
    const value = env[name];
    if (!value) throw new CommandError(`${name} is not set`, "This command is for pipelines: GitHub Actions and Azure Pipelines set it.");
    return value;
  };
  if (env.TF_BUILD) {
    const base = `${need("SYSTEM_COLLECTIONURI").replace(/\/+$/, "")}/${encodeURIComponent(need("SYSTEM_TEAMPROJECT"))}`;
    return azureDevOpsPort(
      `${base}/_apis/git/repositories/${need("BUILD_REPOSITORY_ID")}/pullRequests/${number}/threads`,
      need("SYSTEM_ACCESSTOKEN"),
    );
  }
  const api = env.GITHUB_API_URL ?? "https://api.github.com";
  return githubPort(`${api}/repos/${need("GITHUB_REPOSITORY")}`, number, need("GITHUB_TOKEN"));
}
