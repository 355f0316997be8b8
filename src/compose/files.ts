/** Where files are kept: the folder, and the bucket behind it where one is set. */
import { readFile } from 'node:fs/promises'
import { EdgeError } from '#base/errors.ts'
import type { Config } from '#config/schema.ts'
import type { Blobs } from '#ports/blobs.ts'
import { openBlobBucket } from '#storage/blob-bucket.ts'
import type { BlobFolder } from '#storage/blob-folder.ts'
import { openS3Bucket } from '#storage/s3-bucket.ts'
import type { World } from './world.ts'

/** Hexadecimal digits of the name under which a node keeps its files in a bucket. */
const OWN_CHARACTERS = 16

/** The files of a node. What moves them goes onto `stack`. @throws EdgeError CONFIG_INVALID */
export async function openFiles(
  folder: BlobFolder,
  config: Config,
  { world, stack }: { readonly world: World; readonly stack: AsyncDisposableStack },
): Promise<Blobs> {
  const { bucket } = config.files
  if (bucket === undefined) return folder
  const { accessKeyFile, prefix, ...where } = bucket
  const keys = await accessKeysIn(accessKeyFile)
  const { log, clock } = world
  // Known to this node alone, and the same after a restore: what others keep in the bucket is not listed, and not taken away.
  const own = folder.nameOf('').slice(0, OWN_CHARACTERS)
  const options = { ...where, ...keys, prefix: `${prefix}${own}/` }
  const ports = { folder, bucket: openS3Bucket(options), log, clock }
  return stack.use(openBlobBucket(ports))
}

async function accessKeysIn(
  path: string,
): Promise<{ readonly accessKeyId: string; readonly secretAccessKey: string }> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw wrong(path, 'a file that cannot be read', error)
  })
  const [accessKeyId = '', secretAccessKey = ''] = text.split('\n').map((line) => line.trim())
  if (accessKeyId === '' || secretAccessKey === '') throw wrong(path, 'fewer than two lines')
  return { accessKeyId, secretAccessKey }
}

function wrong(file: string, found: string, cause?: unknown): EdgeError {
  const wanted = 'two lines: the id of an access key, and its secret'
  return new EdgeError(
    'CONFIG_INVALID',
    { key: 'files.bucket.accessKeyFile', file, found, wanted },
    { cause },
  )
}
