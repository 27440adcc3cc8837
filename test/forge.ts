// What somebody with the right to write the history could do: gives a release there another signature, or none. Prints the one before.
// Arguments: storage account, container, release id, signature as JSON ("null": none).
import { connect } from "../azure/client.ts";
import { openDocuments } from "../azure/documents.ts";

const [account = "", container = "", id = "", signature = "null"] = process.argv.slice(2);
const documents = await openDocuments(await connect(), account, container);
const path = `releases/${id}/record.json`;
const there = await documents.read(path);
if (!there) throw new Error(`the history has no release ${id}`);
const record = JSON.parse(there.text) as { manifest: { signature?: unknown } };
const before = record.manifest.signature ?? null;
const { signature: _before, ...manifest } = record.manifest;
const wanted: unknown = JSON.parse(signature);
const forged = { ...record, manifest: wanted === null ? manifest : { ...manifest, signature: wanted } };
await documents.write(path, JSON.stringify(forged), { etag: there.etag });
process.stdout.write(`${JSON.stringify(before)}\n`);
