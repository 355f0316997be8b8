import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { test } from 'tap'
import { passageOf, secureUrlOf, type ServerTls } from '#server/tls.ts'
import { certified, doorTls } from '../support/tls.ts'

const tls = await doorTls(await certified())

interface Asked {
  readonly url?: string
  readonly method?: string
  readonly host?: string
  /** Of whoever asks. */
  readonly from?: string
  /** Undefined for a plain connection. */
  readonly authorized?: boolean
}

/** A request as node:http hands it over. */
function asked({
  url = '/',
  method = 'GET',
  host,
  from = '10.0.0.9',
  authorized,
}: Asked): IncomingMessage {
  const ends = { localAddress: '10.0.0.7', localPort: 8065, remoteAddress: from }
  const secure = authorized === undefined ? {} : { encrypted: true, authorized }
  const socket = Object.defineProperties(
    new Socket(),
    Object.fromEntries(
      Object.entries({ ...ends, ...secure }).map(([key, value]) => [key, { value }]),
    ),
  )
  const request = new IncomingMessage(socket)
  Object.assign(request, { url, method, headers: host === undefined ? {} : { host } })
  return request
}

test('without TLS everybody passes', async (t) => {
  t.equal(passageOf(undefined, asked({ url: '/api/v4/users/login', method: 'POST' })), 'pass')
})

test('a plain request is sent to https if nothing secret is in it yet, and refused if there may be', async (t) => {
  t.equal(passageOf(tls, asked({ url: '/api/v4/users/me' })), 'redirect')
  t.equal(passageOf(tls, asked({ url: '/', method: 'HEAD' })), 'redirect')
  for (const method of ['POST', 'PUT', 'DELETE'])
    t.equal(passageOf(tls, asked({ url: '/api/v4/users/login', method })), 'plain')
})

test('trust, joining and the sockets of nodes are open, and nothing that only looks like them', async (t) => {
  const paths = ['/trust', '/trust/', '/trust?x', '/trust/ca.crt', '/trust/holdfast.mobileconfig']
  const nodes = ['/api/holdfast/v1/join', '/api/holdfast/v1/peer', '/api/holdfast/v1/peer?a=1']
  for (const url of [...paths, ...nodes])
    t.equal(passageOf(tls, asked({ url, method: 'POST' })), 'pass', url)
  const near = ['/trusted', '/trust/../api/v4/users/me', '/api/holdfast/v1/join-codes', '//trust']
  for (const url of [...near, '/a?/trust', '/api/holdfast/v1/peers', '/%74rust', '*'])
    t.not(passageOf(tls, asked({ url, method: 'POST' })), 'pass', url)
})

test('what this machine says to itself is served, whatever it is, and no other address is this machine', async (t) => {
  const { isThisMachine: _, ...usual } = tls
  const required: ServerTls = { ...usual, mode: 'require' }
  for (const from of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1', '10.0.0.7'])
    t.equal(passageOf(required, asked({ from, method: 'POST' })), 'pass', from)
  for (const from of ['10.0.0.9', '::ffff:10.0.0.9', 'fd00::1', '::', '128.0.0.1', ''])
    t.equal(passageOf(required, asked({ from, method: 'POST' })), 'plain', from)
})

test('served without TLS by choice, but never without the certificate that is asked for', async (t) => {
  const serving: ServerTls = { ...tls, plainHttp: 'serve' }
  const strict: ServerTls = { ...serving, clientCertificates: 'required' }

  t.equal(passageOf(serving, asked({ method: 'POST' })), 'pass')
  t.equal(passageOf(strict, asked({ method: 'POST' })), 'plain')
  t.equal(passageOf(strict, asked({ authorized: false })), 'no-certificate')
  t.equal(passageOf(strict, asked({ authorized: true })), 'pass')
  t.equal(passageOf(strict, asked({ authorized: false, url: '/api/holdfast/v1/peer' })), 'pass')
})

test('the way to https keeps host, port and path, and repeats nothing that is no host', async (t) => {
  t.equal(secureUrlOf(asked({ host: 'kit.local:8065', url: '/a?b' })), 'https://kit.local:8065/a?b')
  t.equal(secureUrlOf(asked({ host: '[fd00::1]:80' })), 'https://[fd00::1]:80/')
  for (const host of [undefined, 'a/b', 'a b', '"><script>', 'a@b', 'a:1:2'])
    t.equal(secureUrlOf(asked(host === undefined ? {} : { host })), 'https://10.0.0.7:8065/')
  for (const url of ['//evil.example/', 'http://evil.example/', '*'])
    t.equal(secureUrlOf(asked({ host: 'a.local', url })), 'https://a.local/')
})
