/**
 * `holdfast trust office`: everything for a post office of this organisation, in one folder: the server's config with
 * one user for each node, its certificate, and a certificate for each node to log in with.
 *
 * Run again when a node joins or is to be cut off: it writes the list anew; `nats-server --signal reload` takes it in.
 * What a node has is kept, so that kits in the field need not be visited.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { NodeStatus } from '#app/types.ts'
import { EdgeError } from '#base/errors.ts'
import { accountsBlock } from '#carriers/nats-permissions.ts'
import { isThere, makeFolder, PUBLIC_MODE, SECRET_FOLDER_MODE, SECRET_MODE } from '#config/files.ts'
import { pemFromDer, readCertificate, validityOf, type Credentials } from '#x509/certificate.ts'
import { isPermitted, LOCAL_NAMES } from '#x509/name-constraints.ts'
import { findLocalNode } from './local-node.ts'
import { table, writeJson, writeLines, type Surroundings } from './terminal.ts'
import { longValidity, mustIssue, readTrust, type Trust, type TrustOptions } from './trust.ts'

/** The sample whose settings are used: all of it but its list of accounts. */
const SAMPLE = join(import.meta.dirname, '..', '..', 'edge-config', 'nats', 'hub.conf')
const ACCOUNT = 'OWN'

/** Runs the command. The node must be running, as it knows who belongs to the organisation. */
export async function trustOffice(
  folder: string,
  options: TrustOptions,
  surroundings: Surroundings,
): Promise<void> {
  const { terminal, clock } = surroundings
  const found = await readTrust(options, surroundings)
  const authority = mustIssue(found)
  const hosts = checked(options.host ?? [], found)
  const { ask } = await findLocalNode(options.data, surroundings)
  const { nodes } = (await ask('GET', '/api/holdfast/v1/status')) as NodeStatus
  const { issueClient, issueServer } = await import('#x509/issue.ts')

  const tls = join(folder, 'tls')
  await makeFolder(folder, SECRET_FOLDER_MODE)
  await makeFolder(tls, SECRET_FOLDER_MODE)
  await put(join(tls, 'ca.pem'), pemFromDer(found.root), PUBLIC_MODE)
  const validity = longValidity(authority, clock.now())
  await putPair(tls, 'hub', await issueServer(authority, { hosts, isOffice: true, ...validity }))
  const issuer = readCertificate(found.root)
  const life = issuer === undefined ? validity : validityOf(issuer)
  for (const { number } of nodes) {
    const name = number.toString(36)
    // oxlint-disable-next-line no-await-in-loop -- one file after another
    if (await isThere(join(tls, `node-${name}.pem`))) continue
    // oxlint-disable-next-line no-await-in-loop -- one file after another
    await putPair(tls, `node-${name}`, await issueClient(authority, { name, of: 'node', ...life }))
  }
  await put(join(folder, 'hub.conf'), await configFor(found, nodes), PUBLIC_MODE)

  const rows = nodes.map(({ name, number }) => [
    name,
    `tls/node-${number.toString(36)}.pem and .key`,
  ])
  if (options.json) return writeJson(terminal, { folder, hosts, nodes: rows.length })
  writeLines(terminal, [
    `A post office for ${found.organisationName} in ${folder}: nats-server -c hub.conf, started there.`,
    '',
    `Each node gets its own two files and tls/ca.pem, and in its config a carrier of kind nats:`,
    ...table(rows),
    '',
    'Whoever is not in the list of hub.conf stays outside. After a change: nats-server --signal reload',
  ])
}

type Nodes = NodeStatus['nodes']

/** @throws EdgeError INPUT_INVALID for a host that our certificates may not name */
function checked(hosts: readonly string[], { listen }: Trust): readonly string[] {
  const names = [...LOCAL_NAMES, ...listen.names]
  const wrong = hosts.find((host) => !isPermitted(host, names))
  if (hosts.length > 0 && wrong === undefined) return hosts
  throw new EdgeError('INPUT_INVALID', {
    field: '--host',
    found: wrong ?? 'nothing',
    wanted:
      'names and addresses by which nodes reach the server: local, private, or of listen.names',
    do: 'A name of the wide world must be in listen.names before the organisation is founded.',
  })
}

async function configFor({ code }: Trust, nodes: Nodes): Promise<string> {
  const sample = await readFile(SAMPLE, 'utf8')
  const settings = sample.slice(0, sample.search(/^accounts \{/m))
  const hasHub = nodes.some(({ role }) => role === 'hub')
  const users = nodes.map(({ number, role, isThisNode }) => ({
    workspace: code,
    nodeNumber: number,
    provision: hasHub ? role === 'hub' : isThisNode,
  }))
  return settings + accountsBlock({ account: ACCOUNT, workspace: code, users })
}

async function putPair(folder: string, name: string, pair: Credentials): Promise<void> {
  await put(join(folder, `${name}.key`), pair.keyPem, SECRET_MODE)
  await put(join(folder, `${name}.pem`), pair.certificatePem, PUBLIC_MODE)
}

async function put(file: string, content: string, mode: number): Promise<void> {
  await writeFile(file, content, { mode })
}
