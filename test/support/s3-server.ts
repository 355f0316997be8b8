/**
 * A small server that speaks as much of S3 as a bucket of files needs: put, get (also a range), head, delete and list, page by page.
 * It checks every signature (AWS Signature Version 4) by its own reading of the rules, and refuses what is not signed rightly.
 */
import { createHash, createHmac } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { buffer } from 'node:stream/consumers'

/** A running server. */
export interface S3Server {
  /** With the bucket as its path. */
  readonly endpoint: string
  readonly objects: Map<string, Buffer>
  /** Requests that were refused. */
  readonly refused: () => number
  /** Every answer fails from now on, or no more. */
  readonly fail: (isFailing: boolean) => void
}

/** The key that opens it. */
export const S3_KEY = { accessKeyId: 'AKIDHOLDFAST', secretAccessKey: 'a/secret+for tests' }
/** Its region. */
export const S3_REGION = 'eu-north-1'

const BUCKET = 'files'
/** Few, so that lists have pages. */
const PAGE = 3
const SKEW_MS = 15 * 60_000

/** Starts the server; the end of the test stops it. */
export async function anS3Server(t: Test): Promise<S3Server> {
  const objects = new Map<string, Buffer>()
  const state = { refused: 0, isFailing: false }
  const server = createServer((request, response) => {
    const answered = async (): Promise<void> => {
      const body = await buffer(request)
      if (state.isFailing) return end(response, 503, '<Error><Code>SlowDown</Code></Error>')
      if (!isSigned(request)) {
        state.refused += 1
        return end(response, 403, '<Error><Code>SignatureDoesNotMatch</Code></Error>')
      }
      answer(objects, { request, response, body })
    }
    answered().catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => new Promise((resolve) => server.close(resolve).closeAllConnections()))
  const { port } = server.address() as AddressInfo
  return {
    endpoint: `http://127.0.0.1:${port}/${BUCKET}`,
    objects,
    refused: () => state.refused,
    fail: (isFailing) => {
      state.isFailing = isFailing
    },
  }
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly body: Buffer
}

function answer(objects: Map<string, Buffer>, { request, response, body }: Exchange): void {
  const url = new URL(request.url ?? '/', 'http://x')
  const key = decodeURIComponent(url.pathname.slice(`/${BUCKET}/`.length))
  const found = objects.get(key)
  if (request.method === 'GET' && key === '') return list(objects, url, response)
  if (request.method === 'PUT') {
    objects.set(key, body)
    const etag = `"${createHash('md5').update(body).digest('hex')}"`
    response.setHeader('etag', etag)
    return end(response, 200, '')
  }
  if (request.method === 'DELETE') {
    objects.delete(key)
    return end(response, 204, '')
  }
  if (found === undefined)
    return end(
      response,
      404,
      request.method === 'HEAD' ? '' : '<Error><Code>NoSuchKey</Code></Error>',
    )
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
  const part = from === undefined ? found : found.subarray(Number(from), Number(to) + 1)
  response.statusCode = from === undefined ? 200 : 206
  response.setHeader('content-length', part.length)
  response.end(request.method === 'HEAD' ? undefined : part)
}

function list(objects: Map<string, Buffer>, url: URL, response: ServerResponse): void {
  const prefix = url.searchParams.get('prefix') ?? ''
  const after = url.searchParams.get('continuation-token') ?? ''
  const all = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > after).toSorted()
  const page = all.slice(0, PAGE)
  const isCut = all.length > PAGE
  const contents = page.map(
    (key) => `<Contents><Key>${key}</Key><Size>${objects.get(key)?.length ?? 0}</Size></Contents>`,
  )
  const next = isCut ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : ''
  const text = `<?xml version="1.0"?><ListBucketResult><IsTruncated>${isCut}</IsTruncated>${next}${contents.join('')}</ListBucketResult>`
  response.setHeader('content-type', 'application/xml')
  end(response, 200, text)
}

function end(response: ServerResponse, status: number, text: string): void {
  response.statusCode = status
  response.end(text)
}

/** Signature Version 4: the request in its canonical form, under a key of the day, the region and the service. */
function isSigned(request: IncomingMessage): boolean {
  const { headers, method = '' } = request
  const said =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? '',
    )
  const [, id, day, region, names = '', signature] = said ?? []
  const at = String(headers['x-amz-date'])
  const moment = at.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z')
  const isNow = Math.abs(Date.parse(moment) - Date.now()) < SKEW_MS && at.startsWith(day ?? 'x')
  if (id !== S3_KEY.accessKeyId || region !== S3_REGION || !isNow) return false
  const signed = names.split(';')
  if (!signed.includes('host') || !signed.includes('x-amz-date')) return false
  const url = new URL(request.url ?? '/', 'http://x')
  const query = [...url.searchParams]
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .toSorted()
    .join('&')
  const lines = signed.map((name) => `${name}:${String(headers[name] ?? '').trim()}\n`).join('')
  const payload = String(headers['x-amz-content-sha256'])
  const canonical = [method, url.pathname, query, lines, names, payload].join('\n')
  const scope = `${day}/${region}/s3/aws4_request`
  const hash = createHash('sha256').update(canonical).digest('hex')
  const text = ['AWS4-HMAC-SHA256', at, scope, hash].join('\n')
  const key = [day ?? '', region, 's3', 'aws4_request'].reduce<Buffer | string>(
    (under, part) => createHmac('sha256', under).update(part).digest(),
    `AWS4${S3_KEY.secretAccessKey}`,
  )
  return createHmac('sha256', key).update(text).digest('hex') === signature
}

function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
