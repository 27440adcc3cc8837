// `mlops sandbox outbox`: the mail and the messages that the sandbox would have sent out of this machine.
import { readOutbox } from "../../sandbox/mail/outbox.ts";
import { type Command, option, UsageError } from "../command.ts";
import { sandboxDir } from "../target.ts";

export const outbox: Command = {
  name: "sandbox outbox",
  summary: "show the mail, and the messages to hosts elsewhere, that the sandbox would have sent",
  details: "Nothing leaves this machine: what a Logic App sends to people or to Teams, Slack and other hosts is kept here instead.",
  examples: ["npx mlops sandbox outbox", "npx mlops sandbox outbox --last 1 --json"],
  options: [{ flags: "--last <number>", description: "only the last ones", default: "20" }],
  async run(call) {
    const last = Number(option(call, "last"));
    if (!Number.isInteger(last) || last < 1) throw new UsageError(`--last is "${option(call, "last")}"; it must be a whole number from 1`);
    const all = readOutbox(sandboxDir(call.repo));
    const messages = all.slice(-last);
    if (messages.length === 0) call.out.print("the outbox is empty; notifications (docs/notifications.md), monitors and alerts fill it");
    if (messages.length < all.length) call.out.print(`${all.length - messages.length} older ones left out (--last ${all.length})\n`);
    for (const { number, time, from, to, subject, body } of messages) {
      const mail = to[0]?.includes("@") === true;
      call.out.print(`${number}. ${time.slice(0, 19).replace("T", " ")}  ${mail ? "mail to " : ""}${to.join(", ")}  (${from})`);
      if (subject !== "") call.out.print(`   ${subject}`);
      call.out.print(`${readable(body).replaceAll(/^/gm, "   ")}\n`);
    }
    call.out.result(messages);
    await Promise.resolve();
  },
};

/** HTML as its text; JSON as it is. */
const readable = (body: string): string =>
  body
    .replaceAll(/<br\s*\/?>|<\/(?:p|h\d|li|tr)>/gi, "\n")
    .replaceAll(/<a [^>]*href="([^"]*)"[^>]*>([^<]*)<\/a>/gi, "$2 ($1)")
    .replaceAll(/<[^>]+>/g, "")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&")
    .replaceAll(/\n{2,}/g, "\n")
    .trim();
