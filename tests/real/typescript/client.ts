// Uses the headers of /openapi.json with a generated client: `client.ts ADDRESS TOKEN`.
import createClient from "openapi-fetch";

import type { paths } from "./schema";

declare const process: { argv: string[]; exit(code: number): void };

const [address, token] = process.argv.slice(2);
const client = createClient<paths>({ baseUrl: address, headers: { Authorization: `Bearer ${token}` } });

function check(is: boolean, what: string): void {
  if (!is) throw new Error(what);
}

async function main(): Promise<void> {
  const once = { params: { header: { "Idempotency-Key": "k1" } }, body: { content: "Once" } };
  const first = await client.POST("/v1/posts", once);
  const again = await client.POST("/v1/posts", once);
  check(first.response.status === 201, `created: ${first.response.status}`);
  check(again.response.headers.get("Idempotency-Replayed") === "true", "replayed");
  const path = { post_id: 1 };
  const tag = first.response.headers.get("ETag") ?? "";
  const edit = (content: string) =>
    client.PATCH("/v1/posts/{post_id}", { params: { path, header: { "If-Match": tag } }, body: { content } });
  const edited = await edit("Better");
  check(edited.data?.content === "Better", `edited: ${edited.response.status}`);
  const late = await edit("Late");
  check(late.response.status === 412 && late.error?.code === "stale", `late: ${late.response.status}`);
  const events = await client.GET("/v1/events", {
    params: { header: { "Last-Event-ID": 0 } },
    headers: { Accept: "application/json" },
  });
  check(events.response.ok && Array.isArray(events.data), `events: ${events.response.status}`);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
