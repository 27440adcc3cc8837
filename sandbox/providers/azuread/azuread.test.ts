// The azuread provider: its catalog against the SDK, and the life of an application with a federated credential through the CLI.
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { Declarations } from "../table/declarations.ts";
import { FakeArm } from "../testing/fake-arm.ts";
import type { Rule } from "../testing/fake-arm.ts";
import { makeProject, repoDir } from "../testing/project.ts";
import type { Project } from "../testing/project.ts";
import { graphTypes } from "./catalog.ts";

const SECONDS = 120_000;
let azure: FakeArm;
let project: Project;

beforeAll(async () => {
  azure = await FakeArm.start();
  azure.rules.push(graph());
  project = await makeProject(azure.env);
}, SECONDS);

afterAll(async () => {
  project?.remove();
  await azure?.stop();
});

/** Microsoft Graph in small: POST gives ids, GET and PATCH work on them, $filter finds by equality. */
function graph(): Rule {
  const objects = new Map<string, Record<string, unknown>>();
  let next = 1;
  return ({ method, path, query, body }) => {
    if (!path.startsWith("/graph/v1.0/")) return undefined;
    const at = path.slice("/graph/v1.0/".length);
    const known = objects.get(at);
    if (method === "POST") {
      const id = `00000000-0000-0000-0000-${String(next++).padStart(12, "0")}`;
      objects.set(`${at}/${id}`, { id, appId: `app-${id}`, ...body });
      return { status: 201, body: objects.get(`${at}/${id}`) };
    }
    if (method === "GET" && query["$filter"] !== undefined) {
      const [, field, value] = /^(\w+) eq '(.*)'$/.exec(query["$filter"])!;
      return {
        status: 200,
        body: { value: [...objects].filter(([key, o]) => key.startsWith(`${at}/`) && o[field!] === value).map(([, o]) => o) },
      };
    }
    if (method === "PATCH" && known) Object.assign(known, body);
    if (method === "DELETE") objects.delete(at);
    if (known) return method === "GET" ? { status: 200, body: known } : { status: 204 };
    return { status: 404, body: { error: { code: "Request_ResourceNotFound", message: `no ${at}` } } };
  };
}

test.each(Object.entries(graphTypes))("%s names every input of the SDK, as modeled or as not", (name, type) => {
  const declared = new Declarations(join(repoDir, "node_modules/@pulumi/azuread")).file(name[0]!.toLowerCase() + name.slice(1));
  const args = declared.interfaces.get(`${name}Args`)!;
  expect([...Object.keys(type.in.p), ...type.notModeled].toSorted()).toEqual(Object.keys(args.p).toSorted());
  expect([...(type.in.r ?? [])].toSorted()).toEqual(args.r.toSorted());
  const outputs = Object.keys(declared.classes.get(name)!.p);
  for (const output of Object.keys(type.out.p)) expect(outputs).toContain(output);
});

const program = (subject: string): string => `
const app = new azuread.Application("deployer", {
  displayName: "mlops-deployer", requiredResourceAccesses: [{ resourceAppId: "graph", resourceAccesses: [{ id: "r", type: "Role" }] }],
  appRoles: [{ allowedMemberTypes: ["User"], description: "d", displayName: "Approver", id: "role-1", value: "approve" }],
});
const sp = new azuread.ServicePrincipal("principal", { clientId: app.clientId });
const fic = new azuread.ApplicationFederatedIdentityCredential("main", {
  applicationId: app.id, displayName: "main", issuer: "https://token.actions.githubusercontent.com", subject: "${subject}", audiences: ["api://AzureADTokenExchange"],
});
export const me = azuread.getClientConfigOutput().objectId;
export const role = app.appRoleIds.apply((r) => r.approve);
export const appId = app.id;
export const credential = fic.id;
`;

test(
  "create, no change, update, destroy",
  async () => {
    project.write(program("repo:a/b:ref:refs/heads/main"));
    const preview = await project.pulumi("preview");
    expect(preview.output).toContain("+ 4 to create");
    expect(azure.writes()).toEqual([]);

    const up = await project.pulumi("up", "--yes", "--skip-preview");
    expect(up.output).toContain("+ 4 created");
    expect(up.output).toContain(`me        : "44444444-4444-4444-8444-444444444444"`);
    expect(up.output).toContain(`role      : "role-1"`);
    const posts = azure.requests.filter((r) => r.method === "POST");
    expect(posts[0]).toMatchObject({
      path: "/graph/v1.0/applications",
      body: {
        displayName: "mlops-deployer",
        requiredResourceAccess: [{ resourceAppId: "graph", resourceAccess: [{ id: "r", type: "Role" }] }],
      },
    });
    const state = await project.state();
    const [applicationId] = [...state.values()].filter((r) => r.type.endsWith(":Application")).map((r) => r.id);
    expect(applicationId).toMatch(/^\/applications\/[0-9-]{36}$/);
    expect(state.get("main")?.id).toMatch(/^[0-9-]{36}\/federatedIdentityCredential\/[0-9-]{36}$/);
    expect(state.get("main")?.outputs["applicationId"]).toBe(applicationId);

    expect((await project.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes")).output).toContain("4 unchanged");
    expect((await project.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes")).output).toContain("4 unchanged");

    azure.requests.length = 0;
    project.write(program("repo:a/b:environment:prod"));
    expect((await project.pulumi("up", "--yes", "--skip-preview")).output).toContain("~ 1 updated");
    expect(azure.requests.find((r) => r.method === "PATCH")?.body).toMatchObject({ subject: "repo:a/b:environment:prod" });

    expect((await project.pulumi("destroy", "--yes", "--skip-preview")).output).toContain("- 4 deleted");
  },
  SECONDS,
);

test(
  "what is not modeled is refused by name",
  async () => {
    project.write(`new azuread.Application("a", { displayName: "a", logoImage: "x", displyName: "b" });\n`);
    const run = await project.pulumi("preview");
    expect(run.output).toContain("NotModeledInSandbox: 'logoImage' of azuread:index/application:Application is not modeled");
    project.write(`new azuread.Group("g", { displayName: "g", securityEnabled: true });`);
    expect((await project.pulumi("preview")).output).toContain("NotModeledInSandbox: azuread resource type azuread:index/group:Group");
  },
  SECONDS,
);
