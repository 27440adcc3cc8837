// The locks that Pulumi's own backends keep: who works on a stack, or was killed while at it.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Azure } from "../../azure/client.ts";
import { openDocuments } from "../../azure/documents.ts";
import { type Pulumi, projectName } from "../pulumi.ts";

/** https://github.com/pulumi/pulumi/blob/master/pkg/backend/diy/lock.go */
export interface Lock {
  readonly pid: number;
  readonly username: string;
  readonly hostname: string;
  readonly timestamp: string | undefined;
}

export interface LockQuestion {
  readonly pulumi: Pulumi;
  readonly stage: string;
  readonly login: () => Promise<{ readonly azure: Azure }>;
}

/** Locks of a stack; "unknown" where the backend does not say. */
export async function locksOf({ pulumi, stage, login }: LockQuestion): Promise<readonly Lock[] | "unknown"> {
  const who = await pulumi.run(["whoami", "--json"]);
  const { url = "" } = who.code === 0 ? (JSON.parse(who.stdout) as { url?: string }) : {};
  const folder = `.pulumi/locks/organization/${projectName}/${stage}`;
  if (url.startsWith("file://")) return inFolder(join(url === "file://~" ? process.env["HOME"]! : fileURLToPath(url), folder));
  if (url.startsWith("azblob://")) {
    const { host: container, searchParams } = new URL(url);
    const account = searchParams.get("storage_account") ?? process.env["AZURE_STORAGE_ACCOUNT"];
    if (!account) return "unknown";
    const documents = await openDocuments((await login()).azure, account, container);
    const paths = await documents.list(`${folder}/`);
    const all = await Promise.all(paths.map((path) => documents.read(path)));
    return all.flatMap((found) => (found ? [parsed(found.text)] : []));
  }
  return "unknown";
}

function inFolder(folder: string): Lock[] {
  let files: string[];
  try {
    files = readdirSync(folder);
  } catch {
    return [];
  }
  return files.filter((name) => name.endsWith(".json")).map((name) => parsed(readFileSync(join(folder, name), "utf8")));
}

function parsed(text: string): Lock {
  const { pid = 0, username = "somebody", hostname = "another machine", timestamp } = JSON.parse(text) as Partial<Lock>;
  return { pid, username, hostname, timestamp };
}

/** Does the process run on this machine? */
export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
