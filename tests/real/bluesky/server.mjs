// Starts a PDS and its PLC directory in one process, on 127.0.0.1 only. Prints one line of JSON once both answer.
// Arguments: the folder of node_modules, the folder for its data, the port (0: a free one), the port that its own
// address names (0: the same).
import { randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import net from 'node:net'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const [modules, data, wanted, rateLimits] = process.argv.slice(2)
const require = createRequire(path.join(modules, 'package.json'))

// Both listen on every interface otherwise.
const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (...args) {
  if (typeof args[0] === 'number' && typeof args[1] !== 'string') args.splice(1, 0, '127.0.0.1')
  return listen.apply(this, args)
}

const freePort = () =>
  new Promise((resolve) => {
    const server = net.createServer()
    server.listen(0, () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })

const plcServer = require('@did-plc/server')
const { PDS, envToCfg, envToSecrets } = await import(
  pathToFileURL(path.join(modules, 'node_modules/@atproto/pds/dist/index.js')).href
)

const plcPort = await freePort()
const plc = plcServer.PlcServer.create({ db: plcServer.Database.mock(), port: plcPort })
await plc.start()

const port = Number(wanted) || (await freePort())
const secret = () => randomBytes(32).toString('hex')
const admin = secret()
const env = {
  port,
  hostname: 'localhost',
  serviceHandleDomains: ['.test'],
  dataDirectory: data,
  blobstoreDiskLocation: path.join(data, 'blobs'),
  blobstoreDiskTmpLocation: path.join(data, 'blobs-unfinished'),
  blobUploadLimit: 52_428_800,
  didPlcUrl: `http://127.0.0.1:${plcPort}`,
  inviteRequired: false,
  devMode: true,
  disableSsrfProtection: true,
  rateLimitsEnabled: rateLimits === 'limits',
  jwtSecret: secret(),
  adminPassword: admin,
  plcRotationKeyK256PrivateKeyHex: secret(),
  // No AppView, moderation or crawlers: nothing here reaches beyond this machine.
  crawlers: [],
}
const pds = await PDS.create(envToCfg(env), envToSecrets(env))
await pds.start()
const url = `http://127.0.0.1:${port}`
process.stdout.write(JSON.stringify({ url, plc: `http://127.0.0.1:${plcPort}`, pid: process.pid }) + '\n')

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(0))
process.stdin.on('end', () => process.exit(0)) // the tests have ended
process.stdin.resume()
