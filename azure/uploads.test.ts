// Uploads against a workspace in memory: nothing is sent twice, whatever went before.
import { createHash } from "node:crypto";
import { expect, test } from "@jest/globals";
import { below, uploadFiles } from "./blobs.ts";
import type { BlobPlace } from "./blobs.ts";
import type { Azure } from "./client.ts";
import { AzureError } from "./errors.ts";
import { datastoreUri } from "./ids.ts";
import { uploadCode } from "./uploads.ts";

const md5 = (text: string): Buffer => createHash("md5").update(text).digest();

/** A container in memory, as far as uploads use one. */
function container(blobs: Map<string, string>): BlobPlace {
  const client = {
    async *listBlobsFlat({ prefix }: { prefix: string }) {
      for (const [name, text] of blobs) if (name.startsWith(prefix)) yield { name, properties: { contentMD5: md5(text) } };
    },
    getBlockBlobClient: (name: string) => ({
      uploadData: async (bytes: Uint8Array) => void blobs.set(name, Buffer.from(bytes).toString()),
    }),
  };
  return { container: client as never, prefix: "", url: "https://acct.blob.core.windows.net/c" };
}

const file = (path: string, text: string) => ({ path, read: () => Buffer.from(text) });

test("only what is not there with the same content is sent, below the place's folder", async () => {
  const blobs = new Map([
    ["LocalUpload/h/a.txt", "same"],
    ["LocalUpload/h/b.txt", "half of it"],
  ]);
  const place = below(container(blobs), "LocalUpload/h");
  expect(await uploadFiles(place, [file("a.txt", "same"), file("b.txt", "all of it"), file("sub/c.txt", "new")])).toBe(2);
  expect(Object.fromEntries(blobs)).toEqual({
    "LocalUpload/h/a.txt": "same",
    "LocalUpload/h/b.txt": "all of it",
    "LocalUpload/h/sub/c.txt": "new",
  });
  expect(place.url).toBe("https://acct.blob.core.windows.net/c/LocalUpload/h");
});

const workspace = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w";
const code = { name: "11111111-2222-4333-8444-555555555555", hash: "h", files: [] };
const id = `${workspace}/codes/${code.name}/versions/1`;

test("code that is there is not sent again", async () => {
  const requests: string[] = [];
  const azure = { find: async (path: string) => (requests.push(path), { id: path }) } as unknown as Azure;
  expect(await uploadCode(azure, workspace, code)).toBe(id);
  expect(requests).toEqual([id]);
});

test("two uploads of the same code at once: the second one's conflict is no error", async () => {
  let made = false;
  const conflict = new AzureError("exists", { method: "PUT", url: id, status: 409, code: "Conflict" });
  const azure = {
    find: async () => (made ? { id } : undefined),
    post: async () => ({
      blobReferenceForConsumption: { blobUri: "https://a.blob.x/c", credential: { sasUri: "https://a.blob.x/c?sig=x" } },
    }),
    put: async () => {
      made = true;
      throw conflict;
    },
  } as unknown as Azure;
  expect(await uploadCode(azure, workspace, code)).toBe(id);
});

test("a conflict that is about something else stays an error", async () => {
  const conflict = new AzureError("busy", { method: "PUT", url: id, status: 409, code: "Conflict" });
  const azure = {
    find: async () => undefined,
    post: async () => ({
      blobReferenceForConsumption: { blobUri: "https://a.blob.x/c", credential: { sasUri: "https://a.blob.x/c?sig=x" } },
    }),
    put: () => Promise.reject(conflict),
  } as unknown as Azure;
  await expect(uploadCode(azure, workspace, code)).rejects.toBe(conflict);
});

test("a datastore URI in its long form", () => {
  expect(datastoreUri(workspace, "workspaceblobstore", "LocalUpload/h")).toBe(
    "azureml://subscriptions/s/resourcegroups/g/workspaces/w/datastores/workspaceblobstore/paths/LocalUpload/h",
  );
});
