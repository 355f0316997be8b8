/** A bucket of an S3-compatible store (AWS Signature Version 4). */
import { S3mini } from 's3mini'
import type { Bucket } from './blob-bucket.ts'

/** Where the bucket is, and what opens it. */
export interface S3Options {
  /** With the bucket as its path: `https://store.example/holdfast`. */
  readonly endpoint: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** What names of objects begin with. */
  readonly prefix: string
}

/** How long one request may take: 10 min for a file of 100 MB. */
const REQUEST_MS = 600_000
/** The same for one without content: a node that starts or stops waits for it no longer than 20 s. */
const WORD_MS = 20_000
const TYPE = 'application/octet-stream'

/** The bucket. Nothing is asked of it yet. */
export function openS3Bucket({ prefix, ...options }: S3Options): Bucket {
  const s3 = new S3mini({ ...options, requestAbortTimeout: REQUEST_MS })
  const words = new S3mini({ ...options, requestAbortTimeout: WORD_MS })
  const keyOf = (name: string): string => `${prefix}${name}`
  return {
    put: async (name, content) => {
      await s3.putObject(keyOf(name), content, TYPE, undefined, undefined, content.size)
    },
    sizeOf: async (name) => {
      // `getContentLength` takes an object that is not there for a failure.
      if ((await words.objectExists(keyOf(name))) !== true) return undefined
      return words.getContentLength(keyOf(name))
    },
    read: async (name, from, to) => {
      const answer = await s3.getObjectRaw(keyOf(name), false, from, to)
      const bytes = new Uint8Array(await answer.arrayBuffer())
      // A server that does not know ranges gives all.
      const part = answer.status === 206 ? bytes : bytes.subarray(from, to)
      if (part.length !== to - from) throw new Error('a short answer')
      return part
    },
    remove: async (name) => {
      await s3.deleteObject(keyOf(name))
    },
    names: async () => {
      const all = (await words.listObjects('/', prefix)) ?? []
      return all.map(({ Key }) => Key.slice(prefix.length))
    },
  }
}
