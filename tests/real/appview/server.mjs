// Starts a PDS, its PLC directory and an AppView that indexes what the PDS gets, in one process, on 127.0.0.1 only. Prints
// one line of JSON once all answer. Arguments: the folder of node_modules, the folder for its data, the address of an
// empty PostgreSQL.
import { createRequire } from 'node:module'
import net from 'node:net'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const [modules, data, postgresql] = process.argv.slice(2)
const require = createRequire(path.join(modules, 'package.json'))

// All listen on every interface otherwise.
const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (...args) {
  if (args[0] !== null && typeof args[0] === 'object') args[0] = { ...args[0], host: '127.0.0.1' }
  else if (typeof args[1] === 'string') args[1] = '127.0.0.1'
  else args.splice(1, 0, '127.0.0.1')
  return listen.apply(this, args)
}

// The PostgreSQL of the test tools has no trigrams. Only the search for people by a part of their names needs them.
const { Client } = require('pg')
const query = Client.prototype.query
Client.prototype.query = function (statement, ...more) {
  const searches = /extension if not exists pg_trgm|gist_trgm_ops/.test(statement.text ?? statement)
  return query.call(this, searches ? 'select 1' : statement, ...more)
}

const load = (file) => import(pathToFileURL(path.join(modules, 'node_modules/@atproto/dev-env/dist', file)).href)
// File by file: its index also loads the moderation service.
const { TestBsky } = await load('bsky.js')
const { TestBsync } = await load('bsync.js')
const { TestPds } = await load('pds.js')
const { TestPlc } = await load('plc.js')
const { mockNetworkUtilities } = await load('util.js')
const { default: getPort } = await load('get-port.js')

// As the package's TestNetwork, without its moderation.
const apiKey = 'between-bsync-and-appview'
const pdsPort = await getPort()
const plc = await TestPlc.create({})
const bsync = await TestBsync.create({ apiKeys: [apiKey], dbUrl: postgresql, dbSchema: 'bsync' })
const appview = await TestBsky.create({
  plcUrl: plc.url,
  pdsPort,
  bsyncUrl: bsync.url,
  bsyncApiKey: apiKey,
  repoProvider: `ws://localhost:${pdsPort}`,
  dbPostgresUrl: postgresql,
  dbPostgresSchema: 'appview',
})
bsync.ctx.dataplaneClients = [appview.ctx.dataplane]
const pds = await TestPds.create({
  port: pdsPort,
  didPlcUrl: plc.url,
  dataDirectory: data,
  blobstoreDiskLocation: path.join(data, 'blobs'),
  bskyAppViewUrl: appview.url,
  bskyAppViewDid: appview.ctx.cfg.serverDid,
  crawlers: [],
})
mockNetworkUtilities(pds, appview)
const said = { url: pds.url, plc: plc.url, appview: appview.url, pid: process.pid }
process.stdout.write(JSON.stringify(said) + '\n')

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(0))
process.stdin.on('end', () => process.exit(0)) // the tests have ended
process.stdin.resume()
