// What a JavaScript user does with Azure's clients as they come, without a word about the sandbox. Prints what it saw as JSON.
import { ResourceManagementClient } from "@azure/arm-resources";
import { DefaultAzureCredential } from "@azure/identity";
import { KeyClient } from "@azure/keyvault-keys";
import { BlobServiceClient } from "@azure/storage-blob";

const [account = "", vault = "", topic = "", topicKey = ""] = process.argv.slice(2);
const credential = new DefaultAzureCredential();
const seen: Record<string, unknown> = {};

const groups: (string | undefined)[] = [];
const client = new ResourceManagementClient(credential, process.env["AZURE_SUBSCRIPTION_ID"]!);
for await (const { name } of client.resourceGroups.list()) groups.push(name);
seen["groups"] = groups;

const container = new BlobServiceClient(`https://${account}.blob.core.windows.net`, credential).getContainerClient("through-proxy");
await container.create();
await container.getBlockBlobClient("a.txt").upload("hello", 5);
seen["blob"] = (await container.getBlobClient("a.txt").downloadToBuffer()).toString();

const key = await new KeyClient(`https://${vault}.vault.azure.net`, credential).createEcKey("k", { curve: "P-256" });
seen["key"] = key.keyType;

const event = { id: "1", subject: "s", eventType: "T", eventTime: new Date().toISOString(), data: {}, dataVersion: "1" };
const published = await fetch(`https://${topic}.westeurope-1.eventgrid.azure.net/api/events?api-version=2018-01-01`, {
  method: "POST",
  headers: { "aeg-sas-key": topicKey, "content-type": "application/json" },
  body: JSON.stringify([event]),
});
seen["event"] = published.status;

const scored = await fetch("https://nobody.westeurope.inference.ml.azure.com/score", { method: "POST", body: "{}" });
seen["scoring"] = [scored.status, await scored.text()];

const graph = await credential.getToken("https://graph.microsoft.com/.default");
const found = await fetch("https://graph.microsoft.com/v1.0/applications", { headers: { authorization: `Bearer ${graph.token}` } });
seen["applications"] = ((await found.json()) as { value: { displayName: string }[] }).value.map(({ displayName }) => displayName);

seen["elsewhere"] = await fetch("https://example.com/").then(
  ({ status }) => status,
  (error: Error) => (error.cause as Error | undefined)?.message ?? error.message,
);
process.stdout.write(JSON.stringify(seen));
