// Comments of pull requests at GitHub and Azure DevOps: finding ours by its marker, writing it.
import { CommandError } from "../command.ts";
import { marker } from "../core/previewReport.ts";

export interface CommentPort {
  /** Where our comment is, if there is one. */
  find(): Promise<{ readonly url: string; readonly text: string } | undefined>;
  create(text: string): Promise<void>;
  update(url: string, text: string): Promise<void>;
}

/** What GitHub and Azure DevOps take in one comment. */
const longest = 65_000;

/** @returns what was done with it */
export async function keepComment(port: CommentPort, text: string): Promise<"created" | "updated" | "unchanged"> {
  const whole = text.includes(marker) ? text : `${marker}\n\n${text}`;
  const body = whole.length <= longest ? whole : `${whole.slice(0, longest)}\n\n_Cut here; the run's log has all of it._`;
  const there = await port.find();
  if (!there) {
    await port.create(body);
    return "created";
  }
  if (there.text === body) return "unchanged";
  await port.update(there.url, body);
  return "updated";
}

interface Asked {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

async function ask<T>(url: string, { method = "GET", body, headers }: Asked): Promise<T> {
  const answer = await fetch(url, {
    method,
    headers: { ...headers, "user-agent": "azure-mlops", ...(body === undefined ? {} : { "content-type": "application/json" }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  });
  if (!answer.ok) {
    const said = (await answer.text()).slice(0, 300);
    throw new CommandError(
      `${method} ${url} answered ${answer.status}: ${said}`,
      answer.status === 403 || answer.status === 401 ? "The token may not comment on pull requests." : undefined,
    );
  }
  return (await answer.json()) as T;
}

/** https://docs.github.com/rest/issues/comments */
export function githubPort(repository: string, number: string, token: string): CommentPort {
  const headers = { authorization: `Bearer ${token}`, accept: "application/vnd.github+json", "x-github-api-version": "2022-11-28" };
  interface Comment {
    readonly url: string;
    readonly body?: string;
  }
  return {
    async find() {
      for (let page = 1; ; page++) {
        const comments = await ask<Comment[]>(`${repository}/issues/${number}/comments?per_page=100&page=${page}`, { headers });
        const found = comments.find(({ body }) => body?.includes(marker));
        if (found) return { url: found.url, text: found.body ?? "" };
        if (comments.length < 100) return undefined;
      }
    },
    create: async (body) => void (await ask(`${repository}/issues/${number}/comments`, { method: "POST", body: { body }, headers })),
    update: async (url, body) => void (await ask(url, { method: "PATCH", body: { body }, headers })),
  };
}

/** https://learn.microsoft.com/rest/api/azure/devops/git/pull-request-threads */
export function azureDevOpsPort(threads: string, token: string): CommentPort {
  const headers = { authorization: `Bearer ${token}`, accept: "application/json" };
  const version = "api-version=7.1";
  interface Thread {
    readonly id: number;
    readonly comments: readonly { readonly id: number; readonly content?: string }[];
  }
  return {
    async find() {
      const { value } = await ask<{ value: Thread[] }>(`${threads}?${version}`, { headers });
      for (const { id, comments } of value) {
        const [first] = comments;
        if (first?.content?.includes(marker)) return { url: `${threads}/${id}/comments/${first.id}?${version}`, text: first.content };
      }
      return undefined;
    },
    // Closed from the start: it informs, and must not hold the pull request up.
    create: async (content) =>
      void (await ask(`${threads}?${version}`, {
        method: "POST",
        body: { comments: [{ parentCommentId: 0, content, commentType: "text" }], status: "closed" },
        headers,
      })),
    update: async (url, content) => void (await ask(url, { method: "PATCH", body: { content }, headers })),
  };
}
