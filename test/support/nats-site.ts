/** A NATS server that knows nodes by certificates of our own authority, and nodes that log in to it. */
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { ConnectionOptions } from '@nats-io/transport-node'
import type { NatsOptions } from '#carriers/nats-options.ts'
import { accountsBlock, certificateSubjectOf, type NatsUser } from '#carriers/nats-permissions.ts'
import type { Store } from '#ports/store.ts'
import type { Authority, Credentials } from '#x509/certificate.ts'
import { issueClient, issueServer } from '#x509/issue.ts'
import { natsOptions, openNatsNode, type NatsNode } from './nats-node.ts'
import { startNatsServer, type NatsServer } from './nats-server.ts'
import { certified, type Certified } from './tls.ts'

/** Accounts by name, and who is in them. */
export type Accounts = Readonly<Record<string, readonly NatsUser[]>>

/** The server and what its nodes need. */
export interface NatsSite extends AsyncDisposable {
  readonly server: NatsServer
  readonly organisation: Certified
  /** `tls://<host>:<port>` */
  readonly url: string
  /** Another list of users, taken in while the server runs. */
  readonly relist: (accounts: Accounts) => Promise<void>
  /** A carrier that shows the certificate of a node of this number, by `issuer` if not by the organisation. */
  readonly open: (
    nodeNumber: number,
    changes?: Partial<NatsOptions>,
    store?: Store,
  ) => Promise<NatsNode>
  /** What a carrier of a node of this number is opened with. */
  readonly optionsFor: (nodeNumber: number) => Promise<NatsOptions>
  /** How a program that is no carrier of ours logs in as this node. */
  readonly access: (nodeNumber: number, issuer?: Authority) => Promise<ConnectionOptions>
}

/** A member of workspace `a`. Number 1 makes the stream. */
export function member(nodeNumber: number, workspace = 'a'): NatsUser {
  return { workspace, nodeNumber, provision: nodeNumber === 1 }
}

/** Starts the server; disposing the site ends it and removes its folder. */
export async function openSite(accounts: Accounts, host?: string): Promise<NatsSite> {
  const organisation = await certified(['hub.example'])
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-site-'))
  const { ca, validity, caPem } = organisation
  const caFile = path.join(folder, 'ca.pem')
  await writeFile(caFile, caPem)
  const hosts = ['hub.example', '127.0.0.1']
  await writePair(folder, 'server', await issueServer(ca, { hosts, isOffice: true, ...validity }))
  const configFile = path.join(folder, 'server.conf')
  await writeFile(configFile, configOf(accounts))
  const server = await startNatsServer({ configFile, ...(host === undefined ? {} : { host }) })
  const url = server.url.replace('nats:', 'tls:')

  const pairOf = async (nodeNumber: number, issuer = ca): Promise<Credentials> => {
    const name = certificateSubjectOf({ nodeNumber }).replace('CN=', '')
    return issueClient(issuer, { name, of: 'node', ...validity })
  }
  const optionsFor = async (nodeNumber: number): Promise<NatsOptions> => {
    const files = await writePair(folder, `node-${nodeNumber}`, await pairOf(nodeNumber))
    const tls = { caFile, ...files, serverName: 'hub.example' }
    const provision = nodeNumber === 1
    return natsOptions(url, { nodeNumber, provision, epoch: `ep0c${nodeNumber}`, tls })
  }
  return {
    server,
    organisation,
    url,
    relist: async (next) => {
      await writeFile(configFile, configOf(next))
      await server.reload()
    },
    open: async (nodeNumber, changes = {}, store) =>
      openNatsNode(url, { ...(await optionsFor(nodeNumber)), ...changes }, store),
    optionsFor,
    access: async (nodeNumber, issuer) => {
      const { certificatePem: cert, keyPem: key } = await pairOf(nodeNumber, issuer)
      const tls = { ca: caPem, cert, key, servername: 'hub.example' }
      const inboxPrefix = `r.${nodeNumber.toString(36)}`
      return {
        servers: url,
        tls,
        inboxPrefix,
        reconnect: false,
        timeout: 5_000,
        noAsyncTraces: true,
      }
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

/** The samples in edge-config have more in them; this is what safety rests on. */
function configOf(accounts: Accounts): string {
  const blocks = Object.entries(accounts).map(([account, users]) =>
    accountsBlock({ account, workspace: users[0]?.workspace ?? 'a', users }),
  )
  const inner = blocks.map((block) => block.replace(/^accounts \{\n/, '').replace(/\}\n$/, ''))
  return `
    jetstream { store_dir: "jetstream" }
    tls {
      cert_file: "server.pem", key_file: "server.key", ca_file: "ca.pem"
      verify_and_map: true, timeout: 10
    }
    accounts {
    ${inner.join('\n')}
    }
  `
}

async function writePair(
  folder: string,
  name: string,
  { certificatePem, keyPem }: Credentials,
): Promise<{ readonly certFile: string; readonly keyFile: string }> {
  const certFile = path.join(folder, `${name}.pem`)
  const keyFile = path.join(folder, `${name}.key`)
  await writeFile(certFile, certificatePem)
  await writeFile(keyFile, keyPem, { mode: 0o600 })
  return { certFile, keyFile }
}
