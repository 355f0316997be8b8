/** Reading the config: which source wins, and what is said about mistakes. */
import { join } from 'node:path'
import { test, type Test } from 'tap'
import { EdgeError } from '#base/errors.ts'
import { CONFIG_VARIABLES, loadConfig, type ConfigSource } from '#config/load.ts'

test('an empty file means every default', async (t) => {
  const config = await load(t, {})

  t.strictSame(config, {
    listen: {
      host: '0.0.0.0',
      port: 8065,
      tls: 'auto',
      plainHttp: 'redirect',
      kex: 'hybrid',
      clientCertificates: 'none',
      announceOn: [],
      captivePortal: 'off',
      names: [],
    },
    disk: { freeBytesMin: 64_000_000, freeBytesLow: 1_000_000_000 },
    files: {},
    lanes: {
      flash: { overdueAfterMs: 600_000, messagesMax: 5 },
      immediate: { overdueAfterMs: 1_800_000, messagesMax: 30 },
      priority: { overdueAfterMs: 10_800_000 },
      routine: { overdueAfterMs: 21_600_000 },
      allowanceMs: 3_600_000,
    },
    logLevel: 'info',
    unlock: { trafficKeepsOpen: false, cipher: 'chacha20-poly1305' },
    audit: {},
    browser: {
      lock: 'offered',
      lockAfterMinutes: 5,
      lockTriesMax: 10,
      endedSessionForgets: 'read',
      files: 'saved',
    },
    courier: { folders: [] },
    backup: {},
    keys: { rotateAfterDays: 30 },
    signIn: { offlineDays: 7 },
    compression: { trainAfterDays: 1 },
    readReceipts: { send: true, exceptChannels: [] },
    carriers: [{ kind: 'lan', dial: [], lookOn: [], receiptDelayMs: 200, backOffMsMax: 30_000 }],
    pace: { rules: [] },
  })
})

test('a post office gets every default but its servers', async (t) => {
  const config = await load(t, {
    carriers: [{ kind: 'nats', servers: ['tls://hub.example.org:4222'] }],
  })

  t.match(config.carriers[0], {
    name: 'nats',
    provision: false,
    streamBytesMax: 1_000_000_000,
    fileStreamBytesMax: 1_000_000_000,
    streamDaysMax: 30,
    connectTimeoutMs: 120_000,
    backOffMsMax: 60_000,
  })
})

test('receivers of audits have their defaults, and their files start at the folder of the config', async (t) => {
  const config = await load(t, {
    audit: { file: 'lines.jsonl', syslog: { host: 'siem.example.org', caFile: '/etc/siem.pem' } },
  })

  t.match(config.audit.file, /^\/.*\/lines\.jsonl$/)
  t.strictSame(config.audit.syslog, {
    host: 'siem.example.org',
    port: 6_514,
    transport: 'tls',
    caFile: '/etc/siem.pem',
  })
})

test('sources of people have their defaults, and their files start at the folder of the config', async (t) => {
  const { signIn } = await load(t, {
    signIn: {
      ldap: { url: 'ldaps://ldap.example', base: 'dc=x', caFile: '/etc/ldap.pem' },
      openid: {
        issuer: 'https://sso.example/realm',
        clientId: 'holdfast',
        clientSecretFile: 'secret',
        siteUrl: 'https://alpha.example',
      },
    },
  })

  t.match(signIn.ldap, { startTls: true, loginAttribute: 'uid', caFile: '/etc/ldap.pem' })
  t.match(signIn.openid, {
    clientSecretFile: /^\/.*\/secret$/,
    scopes: ['openid', 'profile'],
    usernameClaim: 'preferred_username',
  })
})

test('passwords and tokens cross no wire in the clear, and what belongs together is asked for', async (t) => {
  const openid = { issuer: 'http://sso.example', clientId: 'x', siteUrl: 'http://alpha.example' }
  const ldap = { url: 'ldap://ldap.example', base: 'dc=x', startTls: false, bindDn: 'cn=x' }

  t.strictSame(
    (
      await problemsOf(load(t, { signIn: { ldap, openid: { ...openid, scopes: ['profile'] } } }))
    ).map((line) => line.split(':')[0]),
    [
      'signIn.ldap.startTls',
      'signIn.ldap.bindPasswordFile',
      'signIn.openid.issuer',
      'signIn.openid.siteUrl',
      'signIn.openid.scopes',
    ],
  )
  const here = { ...openid, issuer: 'http://127.0.0.1:1', siteUrl: 'http://localhost:8065' }
  t.ok(await load(t, { signIn: { openid: here } }), 'on this machine itself')
  for (const url of ['https://me:secret@sso.example', 'ftp://sso.example'])
    t.equal((await problemsOf(load(t, { signIn: { openid: { ...here, issuer: url } } }))).length, 1)
})

test('the command line wins over the environment, and that over the file', async (t) => {
  const file = { name: 'alpha', role: 'hub', logLevel: 'warn', listen: { port: 1_000 } }
  const environment = { HOLDFAST_NAME: 'bravo', HOLDFAST_PORT: '2000', HOLDFAST_LOG_LEVEL: '' }

  const config = await load(t, file, { environment, overrides: { port: '3000' } })

  t.match(config, { name: 'bravo', role: 'hub', logLevel: 'warn', listen: { port: 3_000 } })
})

test('every variable of the environment sets a key that exists', async (t) => {
  for (const variable of Object.keys(CONFIG_VARIABLES)) {
    const problems = await problemsOf(load(t, {}, { environment: { [variable]: '!' } }))
    t.match(
      problems.join('\n'),
      new RegExp(`^[a-zA-Z.]+ \\(from ${variable}\\): found "!", wanted .`),
    )
  }
})

test('all problems are named at once: key, what was found, what is wanted', async (t) => {
  const problems = await problemsOf(
    load(t, {
      nmae: 'alpha',
      role: 'king',
      listen: { port: 70_000, hots: 'x' },
      carriers: [
        { kind: 'lan', dial: ['hub'] },
        { kind: 'nats', password: 'secret' },
        { kind: 'smoke' },
        'lan',
      ],
    }),
  )

  t.strictSame(problems.toSorted(), [
    'carriers[0].dial[0]: found "hub", wanted host:port, such as 192.168.1.20:8065 or [fd00::1]:8065',
    'carriers[1].password: found an unknown key, wanted one of kind, name, servers, tls, user, passwordFile, nkeySeedFile, provision, streamBytesMax, fileStreamBytesMax, streamDaysMax, streamReplicas, receiptDelayMs, connectTimeoutMs, backOffMsMax, idleProbeMs, link, budget, dialAt, gatherMsMax',
    'carriers[1].servers: found nothing, wanted a list of nats://host:port',
    'carriers[2].kind: found "smoke", wanted a carrier of kind lan, nats or sbd',
    'carriers[3]: found "lan", wanted a carrier of kind lan, nats or sbd',
    'listen.hots: found an unknown key, wanted one of host, port, tls, plainHttp, kex, clientCertificates, announceOn, captivePortal, names',
    'listen.port: found 70000, wanted a whole number from 0 to 65535',
    'nmae: found an unknown key, wanted one of $schema, name, role, listen, keys, compression, disk, files, lanes, readReceipts, logLevel, unlock, audit, browser, courier, backup, signIn, carriers, pace, linkFolder',
    'role: found "king", wanted one of kit, hub, relay',
  ])
})

test('keys that contradict each other are named', async (t) => {
  const nats = { kind: 'nats', servers: ['nats://10.0.0.1:4222'] }
  const problems = await problemsOf(
    load(t, {
      carriers: [
        { kind: 'lan' },
        { kind: 'lan' },
        { ...nats, user: 'alpha' },
        { ...nats, tls: { keyFile: 'a.key' } },
      ],
    }),
  )

  t.strictSame(problems, [
    'carriers[1].kind: found "lan", wanted one lan carrier; put all addresses into its dial',
    'carriers[2].passwordFile: found nothing, wanted a value, because user is set',
    'carriers[3].name: found nothing, wanted a name no other carrier has (nats when none is given)',
    'carriers[3].tls.certFile: found nothing, wanted a value, because keyFile is set',
  ])
})

test('a password that somebody put into a server address is not repeated in the error', async (t) => {
  const problems = await problemsOf(
    load(t, { carriers: [{ kind: 'nats', servers: ['nats://alpha:hush@10.0.0.1:4222'] }] }),
  )

  t.match(problems[0], 'carriers[0].servers[0]: found "nats://…@10.0.0.1:4222"')
  t.notMatch(problems.join('\n'), 'hush')
})

test('text that is not JSON is named by line and column', async (t) => {
  const file = join(t.testdir({ 'config.json': '{\n  "name": "alpha",\n}\n' }), 'config.json')

  await t.rejects(loadConfig({ file, environment: {}, overrides: {} }), {
    code: 'CONFIG_INVALID',
    facts: { file, problems: 'line 3, column 1: found }, wanted a key in double quotes' },
  })
})

test('a file that is a list is no config', async (t) => {
  const problems = await problemsOf(load(t, [1, 2]))

  t.strictSame(problems, ['(the whole file): found a list of 2, wanted an object {…}'])
})

test('a file that is not there is missing, not empty', async (t) => {
  const file = join(t.testdir(), 'nowhere.json')

  await t.rejects(loadConfig({ file, environment: {}, overrides: {} }), {
    code: 'CONFIG_MISSING',
    facts: { file, found: 'no such file' },
  })
})

test('without a file the environment, the command line and the defaults count', async (t) => {
  const overrides = { name: 'alpha', role: 'hub', host: '127.0.0.1' }
  const config = await loadConfig({ file: undefined, environment: {}, overrides })

  t.match(config, { name: 'alpha', role: 'hub', listen: { host: '127.0.0.1', port: 8_065 } })
})

test('paths of files start at the folder of the config file', async (t) => {
  const folder = t.testdir({
    'config.json': JSON.stringify({
      carriers: [
        {
          kind: 'nats',
          servers: ['tls://10.0.0.1'],
          user: 'alpha',
          passwordFile: 'keys/nats',
          tls: { caFile: '/etc/ca.pem', serverName: 'hub' },
        },
      ],
    }),
  })

  const file = join(folder, 'config.json')
  const config = await loadConfig({ file, environment: {}, overrides: {} })

  t.match(config.carriers[0], {
    passwordFile: join(folder, 'keys/nats'),
    tls: { caFile: '/etc/ca.pem', serverName: 'hub' },
  })
})

test('a config that was read cannot be changed', async (t) => {
  const config = await load(t, {})

  t.throws(() => {
    ;(config.listen as { port: number }).port = 1
  }, TypeError)
})

async function load(
  t: Test,
  content: unknown,
  source: Partial<ConfigSource> = {},
): ReturnType<typeof loadConfig> {
  const folder = t.testdir({ 'config.json': JSON.stringify(content) })
  const file = join(folder, 'config.json')
  return loadConfig({ file, environment: {}, overrides: {}, ...source })
}

/** The lines of the CONFIG_INVALID that `loading` must end with. */
async function problemsOf(loading: Promise<unknown>): Promise<readonly string[]> {
  const error = await loading.then(
    () => new Error('the config was taken'),
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof EdgeError) || error.code !== 'CONFIG_INVALID') throw error
  return String(error.facts['problems']).split('\n')
}
