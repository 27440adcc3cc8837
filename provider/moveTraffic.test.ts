// Rollouts against an endpoint over HTTP: the way there, the way back, and what others may do meanwhile.
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { lastGoodTag } from "../release/core/rollout.ts";
import { moveTraffic, takeOutOfService } from "./moveTraffic.ts";
import type { RolloutInputs } from "./rollout.ts";
import { FakeEndpoint } from "./testing/endpoint.ts";

let endpoint: FakeEndpoint;

beforeEach(async () => {
  endpoint = new FakeEndpoint();
  await endpoint.start();
  endpoint.deploy("blue");
  endpoint.traffic = { blue: 100 };
});

afterEach(() => endpoint.stop());

const inputs = (change: Partial<RolloutInputs> = {}): RolloutInputs => ({
  endpointId: endpoint.id,
  traffic: { green: 100 },
  deployments: { blue: "1", green: "2" },
  steps: [10, 50, 100],
  bakeSeconds: 0.02,
  check: { request: "{}", calls: 3, maxErrorPercent: 0, readySeconds: 0 },
  tags: { stage: "test" },
  ...change,
});

const live = (change: Partial<RolloutInputs> = {}): RolloutInputs =>
  inputs({ traffic: { blue: 100 }, deployments: { blue: "1" }, ...change });
const written = (): Record<string, number>[] => endpoint.splits.map(({ traffic }) => traffic);

describe("the way there", () => {
  test("the first deployment of all: checked, then everything at once", async () => {
    endpoint.traffic = {};
    const outputs = await moveTraffic(live({ bakeSeconds: 0 }), undefined, endpoint.call());
    expect(written()).toEqual([{ blue: 100 }]);
    expect(endpoint.deployments.get("blue")!.calls).toBeGreaterThanOrEqual(3);
    expect(outputs["scoringUri"]).toBe(`${endpoint.base}/score`);
    expect(outputs["evidence"]).toEqual({ blue: expect.stringMatching(/^3 calls, 0 failed, p95 \d+ ms$/) });
  });

  test("a canary goes step by step, and the endpoint carries the way back", async () => {
    endpoint.deploy("green");
    await moveTraffic(inputs(), live(), endpoint.call());
    expect(written()).toEqual([{ blue: 90, green: 10 }, { blue: 50, green: 50 }, { green: 100 }]);
    expect(endpoint.splits.map(({ marked }) => marked)).toEqual([true, true, true]);
    // Before any traffic one to see whether it is up and three; then three at each of three steps.
    expect(endpoint.deployments.get("green")!.calls).toBeGreaterThanOrEqual(13);
    expect(endpoint.deployments.get("blue")!.calls).toBe(0);
  });

  test("requests are mirrored first when asked, and no longer once live ones come", async () => {
    endpoint.deploy("green");
    await moveTraffic(inputs({ mirrorFirstPercent: 20 }), live(), endpoint.call());
    expect(endpoint.splits.map(({ mirror }) => mirror)).toEqual([{ green: 20 }, {}, {}, {}]);
    expect(written()[0]).toEqual({ blue: 100 });
  });

  test("nothing is written when all is as wanted; a deployment changed in place is checked", async () => {
    endpoint.tags = { stage: "test" };
    await moveTraffic(live({ deployments: { blue: "2" } }), live(), endpoint.call());
    expect(endpoint.deployments.get("blue")!.calls).toBeGreaterThanOrEqual(3);
    expect(written()).toEqual([]);
  });

  test("the way back of a rollout that has ended is nothing to go back to, and goes with the next write", async () => {
    endpoint.deploy("green", (n) => ({ status: n <= 5 ? 200 : 500 }));
    endpoint.tags = { stage: "test", [lastGoodTag]: "green=100" };
    await expect(moveTraffic(inputs(), live(), endpoint.call())).rejects.toThrow(/the traffic is blue=100, as before/);
    expect(endpoint.said.join("\n")).not.toMatch(/interrupted/);
    expect(written()).toEqual([{ blue: 90, green: 10 }, { blue: 100 }]);
    expect(endpoint.tags).toEqual({ stage: "test" });
  });

  test("others' tags on the endpoint stay, ours that are gone go", async () => {
    endpoint.tags = { policy: "added", old: "ours" };
    await moveTraffic(live({ tags: { stage: "new" } }), live({ tags: { old: "ours" } }), endpoint.call());
    expect(endpoint.tags).toEqual({ policy: "added", stage: "new" });
  });

  test("a deployment that is still starting gets its time", async () => {
    endpoint.deploy("green", (n) => ({ status: n < 2 ? 503 : 200 }));
    await moveTraffic(inputs({ steps: [100], check: { ...inputs().check, readySeconds: 30 } }), live(), endpoint.call());
    expect(endpoint.traffic).toEqual({ green: 100 });
    expect(endpoint.said).toContain("green is not ready (503); trying again");
  });
});

describe("the way back", () => {
  test("a deployment that fails before any traffic never gets any", async () => {
    endpoint.deploy("green", () => ({ status: 500, body: "no model" }));
    await expect(moveTraffic(inputs(), live(), endpoint.call())).rejects.toThrow(
      /green gives no good answer within 0 s \(500: "no model"\); the traffic is blue=100, as before/,
    );
    expect(written()).toEqual([]);
  });

  test("a wrong sample request fails at once, however much time there is", async () => {
    endpoint.deploy("green", () => ({ status: 400, body: "columns" }));
    const patient = inputs({ check: { ...inputs().check, readySeconds: 600 } });
    await expect(moveTraffic(patient, live(), endpoint.call())).rejects.toThrow(/400: "columns"/);
  });

  test("one that fails at 10 % goes back to the last good split and the tag with it", async () => {
    endpoint.deploy("green", (n) => ({ status: n <= 5 ? 200 : 500 }));
    await expect(moveTraffic(inputs(), live(), endpoint.call())).rejects.toThrow(
      /green failed its check with traffic: .* the traffic is blue=100, as before/,
    );
    expect(written()).toEqual([{ blue: 90, green: 10 }, { blue: 100 }]);
    expect(endpoint.tags).toEqual({ stage: "test" });
  });

  test("one that is too slow goes back too", async () => {
    endpoint.deploy("green", (n) => ({ status: 200, delayMs: n > 6 ? 80 : 0 }));
    const strict = inputs({ check: { ...inputs().check, maxP95Ms: 60 } });
    await expect(moveTraffic(strict, live(), endpoint.call())).rejects.toThrow(/p95 is \d+ ms, the limit is 60 ms/);
    expect(endpoint.traffic).toEqual({ blue: 100 });
  });

  test("the first deployment that fails leaves the endpoint without traffic, said so", async () => {
    endpoint.traffic = {};
    endpoint.deploy("blue", () => ({ status: 500 }));
    await expect(moveTraffic(live(), undefined, endpoint.call())).rejects.toThrow(/nothing serves, as before/);
    expect(endpoint.traffic).toEqual({});
  });

  test("an interrupted rollout goes back by itself", async () => {
    endpoint.deploy("green");
    const controller = new AbortController();
    const running = moveTraffic(inputs({ bakeSeconds: 60 }), live(), endpoint.call(controller.signal));
    const stop = setInterval(() => endpoint.splits.length > 0 && controller.abort(), 5);
    await expect(running).rejects.toThrow(/the rollout was interrupted; the traffic is blue=100/);
    clearInterval(stop);
    expect(endpoint.traffic).toEqual({ blue: 100 });
  });
});

describe("after a kill", () => {
  test("the next run goes on from the split that is live", async () => {
    endpoint.deploy("green");
    Object.assign(endpoint, { traffic: { blue: 90, green: 10 }, tags: { [lastGoodTag]: "blue=100" } });
    await moveTraffic(inputs(), live(), endpoint.call());
    expect(written()).toEqual([{ blue: 50, green: 50 }, { green: 100 }]);
    expect(endpoint.said.join("\n")).toMatch(/interrupted at blue=90 green=10; the last good split is blue=100/);
  });

  test("and goes back to where the first one began when the check fails now", async () => {
    endpoint.deploy("green", () => ({ status: 500 }));
    Object.assign(endpoint, { traffic: { blue: 50, green: 50 }, tags: { [lastGoodTag]: "blue=100" } });
    await expect(moveTraffic(inputs(), live(), endpoint.call())).rejects.toThrow(/the traffic is blue=100/);
    expect(endpoint.traffic).toEqual({ blue: 100 });
    expect(endpoint.tags[lastGoodTag]).toBeUndefined();
  });

  test("a run that was killed after its last step is checked once more, and needs no write", async () => {
    endpoint.deploy("green");
    Object.assign(endpoint, { traffic: { green: 100 }, tags: { stage: "test", [lastGoodTag]: "blue=100" } });
    await moveTraffic(inputs(), live(), endpoint.call());
    expect(endpoint.deployments.get("green")!.calls).toBeGreaterThanOrEqual(3);
    expect(written()).toEqual([]);
  });

  test("and goes back from it when that check fails", async () => {
    endpoint.deploy("green", () => ({ status: 500 }));
    Object.assign(endpoint, { traffic: { green: 100 }, tags: { stage: "test", [lastGoodTag]: "blue=100" } });
    await expect(moveTraffic(inputs(), live(), endpoint.call())).rejects.toThrow(/the traffic is blue=100/);
    expect(written()).toEqual([{ blue: 100 }]);
  });
});

describe("others", () => {
  test("an endpoint that is being updated is waited for", async () => {
    endpoint.updatingReads = 1;
    await moveTraffic(live({ deployments: { blue: "2" } }), live(), endpoint.call());
    expect(endpoint.said).toContain("the endpoint is Updating; waiting");
  });

  test("409 and 412 are tried again", async () => {
    endpoint.deploy("green");
    const troubles = [
      { status: 409, code: "Conflict" },
      { status: 412, code: "PreconditionFailed" },
    ];
    endpoint.beforePut = () => troubles.shift();
    await moveTraffic(inputs({ steps: [100], bakeSeconds: 0 }), live(), endpoint.call());
    expect(endpoint.traffic).toEqual({ green: 100 });
  });

  test("a change of the traffic by someone else stops the rollout where it is", async () => {
    endpoint.deploy("green");
    endpoint.beforePut = () => {
      if (endpoint.splits.length !== 1) return undefined;
      endpoint.beforePut = undefined;
      endpoint.traffic = { blue: 70, green: 30 };
      return { status: 412, code: "PreconditionFailed" };
    };
    await expect(moveTraffic(inputs(), live(), endpoint.call())).rejects.toThrow(
      /the traffic is blue=70 green=30 where this rollout had left blue=90 green=10: someone else changed it/,
    );
    expect(endpoint.traffic).toEqual({ blue: 70, green: 30 });
  });

  test("a failed or missing deployment gets no traffic", async () => {
    await expect(moveTraffic(inputs(), live(), endpoint.call())).rejects.toThrow(
      /green shall get traffic but is not deployed; there is blue/,
    );
    endpoint.deploy("green", undefined, "Failed");
    await expect(moveTraffic(inputs(), live(), endpoint.call())).rejects.toThrow(/green .* is Failed/);
    expect(written()).toEqual([]);
  });

  test("an endpoint that is gone says what to do", async () => {
    endpoint.exists = false;
    await expect(moveTraffic(inputs(), live(), endpoint.call())).rejects.toThrow(/endpoint e does not exist.*pulumi refresh/);
  });
});

describe("out of service", () => {
  test("no deployment has traffic afterwards, so that all can be deleted", async () => {
    endpoint.mirrorTraffic = { blue: 10 };
    await takeOutOfService(live(), endpoint.call());
    expect(endpoint.traffic).toEqual({});
    expect(endpoint.mirrorTraffic).toEqual({});
  });

  test("nothing there is no error", async () => {
    endpoint.exists = false;
    await expect(takeOutOfService(live(), endpoint.call())).resolves.toBeUndefined();
  });
});

test("the key is in no output and no message", async () => {
  endpoint.deploy("green", (n) => ({ status: n > 5 ? 500 : 200 }));
  const error = await moveTraffic(inputs(), live(), endpoint.call()).catch((e: unknown) => e);
  endpoint.deploy("green");
  const outputs = await moveTraffic(inputs(), live(), endpoint.call());
  expect(JSON.stringify([outputs, endpoint.said, endpoint.tags]) + String(error)).not.toContain(endpoint.key);
});
