// The reader of answers, fed in pieces of every size.
import { expect, test } from "@jest/globals";
import { AnswerReader, BrokenAnswer } from "./answer.ts";
import type { AnswerHead } from "./answer.ts";

interface Read {
  head: AnswerHead | undefined;
  body: string;
  ended: boolean;
}

function read(text: string, step: number, { method = "POST", close = false } = {}): Read {
  const result: Read = { head: undefined, body: "", ended: false };
  const reader = new AnswerReader(method, {
    head: (head) => void (result.head = head),
    body: (part) => void (result.body += part.toString("latin1")),
    end: () => void (result.ended = true),
  });
  const bytes = Buffer.from(text, "latin1");
  for (let at = 0; at < bytes.length; at += step) reader.push(bytes.subarray(at, at + step));
  if (close) reader.finish();
  return result;
}

const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n7;x=y\r\n, world\r\n0\r\nX-Trailer: 1\r\n\r\n";

test.each([1, 2, 3, 7, 1000])("answers come out the same in pieces of %s bytes", (step) => {
  expect(read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n\r\nhello", step)).toEqual({
    head: {
      status: 200,
      headers: [
        ["content-length", "5"],
        ["set-cookie", "a"],
        ["set-cookie", "b"],
      ],
    },
    body: "hello",
    ended: true,
  });
  expect(read(chunked, step)).toMatchObject({ body: "hello, world", ended: true });
  expect(read("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n", step)).toMatchObject({
    head: { status: 201 },
    ended: true,
  });
  expect(read("HTTP/1.0 200 OK\r\n\r\nto the end", step)).toMatchObject({ body: "to the end", ended: false });
  expect(read("HTTP/1.0 200 OK\r\n\r\nto the end", step, { close: true })).toMatchObject({ body: "to the end", ended: true });
  expect(read("HTTP/1.1 204 No Content\r\n\r\n", step)).toMatchObject({ body: "", ended: true });
});

test("an answer to HEAD has no body, whatever its length says", () => {
  expect(read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 1, { method: "HEAD" })).toMatchObject({ body: "", ended: true });
});

test.each([
  ["no HTTP", "SSH-2.0-OpenSSH\r\n\r\n"],
  ["a length that is no number", "HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\nhello"],
  ["a header without a name", "HTTP/1.1 200 OK\r\n: x\r\n\r\n"],
  ["a chunk size that is none", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n"],
  ["a chunk longer than its size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n"],
  ["a head without end", `HTTP/1.1 200 OK\r\nX: ${"x".repeat(70_000)}`],
])("%s is a broken answer", (_what, text) => {
  expect(() => read(text, 1000)).toThrow(BrokenAnswer);
});

test.each([
  ["in its head", "HTTP/1.1 200 OK\r\nContent-"],
  ["in its body", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"],
  ["between chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"],
])("a connection that ends %s breaks the answer", (_where, text) => {
  expect(() => read(text, 1000, { close: true })).toThrow(/ended/);
});
