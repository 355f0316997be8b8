/** A real LDAP directory (OpenLDAP's slapd) on a free port of this machine, in memory of its own folder. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** A directory under test. Disposing it ends the process and removes its folder. */
export interface Slapd extends AsyncDisposable {
  /** `ldap://127.0.0.1:port` */
  readonly url: string
  /** Ends it, as if the link to it were gone. */
  readonly stop: () => Promise<void>
}

/** Of the directory itself. */
export const SUFFIX = 'dc=relief,dc=example'
/** Who may do everything there. */
export const MANAGER = { dn: `cn=manager,${SUFFIX}`, password: 'manager-password' }

const BINARY = [
  process.env.HOLDFAST_SLAPD,
  path.resolve(import.meta.dirname, '../../.servers/slapd/usr/sbin/slapd'),
].find((file) => file !== undefined && existsSync(file))
const ROOT = BINARY === undefined ? '/' : path.resolve(BINARY, '../../..')

/** Put into a test's options: false, or why tests that need the directory are skipped. */
export const withoutSlapd: string | false =
  BINARY === undefined
    ? 'no slapd: set HOLDFAST_SLAPD, or run scripts/test, which fetches one'
    : false

/** Certificates for TLS: paths of PEM files. */
export interface SlapdTls {
  readonly certFile: string
  readonly keyFile: string
}

/** Starts a directory and waits until it answers. */
export async function startSlapd(tls?: SlapdTls): Promise<Slapd> {
  if (BINARY === undefined) throw new Error(String(withoutSlapd))
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-slapd-'))
  const port = await freePort()
  await mkdir(path.join(folder, 'data'))
  const file = path.join(folder, 'slapd.conf')
  await writeFile(file, configOf(folder, tls))
  const url = `ldap://127.0.0.1:${port}`
  const libraries = globSync(path.join(ROOT, 'usr/lib/*-linux-gnu')).join(':')
  const child = spawn(BINARY, ['-f', file, '-h', url, '-d', '0'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, LD_LIBRARY_PATH: libraries },
  })
  const said: Buffer[] = []
  child.stderr.on('data', (data: Buffer) => said.push(data))
  const leave = (): void => void child.kill('SIGKILL')
  process.once('exit', leave)
  child.once('exit', () => process.off('exit', leave))
  await answering(child, port, () => Buffer.concat(said).toString())
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }
  return {
    url,
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function configOf(folder: string, tls: SlapdTls | undefined): string {
  const schemas = path.join(ROOT, 'etc/ldap/schema')
  const lines = [
    ...['core', 'cosine', 'inetorgperson'].map((name) => `include ${schemas}/${name}.schema`),
    `pidfile ${folder}/pid`,
    `modulepath ${path.join(ROOT, 'usr/lib/ldap')}`,
    'moduleload back_mdb',
    ...(tls === undefined
      ? []
      : [`TLSCertificateFile ${tls.certFile}`, `TLSCertificateKeyFile ${tls.keyFile}`]),
    'allow bind_anon_cred bind_anon_dn',
    'database mdb',
    `suffix "${SUFFIX}"`,
    `rootdn "${MANAGER.dn}"`,
    `rootpw ${MANAGER.password}`,
    `directory ${folder}/data`,
    'access to attrs=userPassword by anonymous auth by * none',
    'access to * by * read',
  ]
  return `${lines.join('\n')}\n`
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

/** Resolves once a connection is taken: there is no other word that it is ready. */
async function answering(child: ChildProcess, port: number, said: () => string): Promise<void> {
  while (child.exitCode === null) {
    const socket = connect(port, '127.0.0.1')
    const isThere = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true))
      socket.once('error', () => resolve(false))
    })
    socket.destroy()
    if (isThere) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`slapd did not start:\n${said()}`)
}
