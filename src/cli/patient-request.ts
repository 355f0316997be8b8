/** One request to the node of this machine whose answer may be long in coming: `fetch` gives up after five minutes, whatever moves. */
import { request, type IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import type { Answered, Asked } from './request.ts'

/** The answer, however long it takes. Rejects when there is none, or `stop` aborts. */
export function requestPatiently(
  { method, url, headers, body }: Omit<Asked, 'patienceMs' | 'answerBytesMax'>,
  stop: AbortSignal,
): Promise<Answered> {
  const { promise, resolve, reject } = Promise.withResolvers<Answered>()
  const asking = request(url, { method, headers, signal: stop, agent: false }, (answer) => {
    resolve(answered(answer))
  })
  asking.on('error', reject)
  asking.end(body)
  return promise
}

async function answered(answer: IncomingMessage): Promise<Answered> {
  const body = new Uint8Array(await buffer(answer))
  return { status: answer.statusCode ?? 0, body }
}
