// Calls tools of an MCP server after tools/list, as clients do, and prints each result or what the SDK made of it.
//
//     node client.mjs '{"command": …, "args": …, "env": …} or {"url": …, "token": …}' '[[tool, arguments], …]'

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [server, calls] = process.argv.slice(2).map((text) => JSON.parse(text));
const transport = server.url
  ? new StreamableHTTPClientTransport(new URL(server.url), {
      requestInit: { headers: { Authorization: `Bearer ${server.token}` } },
    })
  : new StdioClientTransport(server);
const client = new Client({ name: "ttp-tests", version: "1" });
await client.connect(transport);
await client.listTools();
const results = [];
for (const [name, args] of calls) {
  results.push(await client.callTool({ name, arguments: args }).catch((error) => ({ thrown: String(error) })));
}
await client.close();
console.log(JSON.stringify(results));
