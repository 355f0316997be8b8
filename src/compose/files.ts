/** Where files are kept: the folder, and the bucket behind it where one is set. */
import { readFile } from 'node:fs/promises'
import { EdgeError } from '#base/errors.ts'
import type { Config } from '#config/schema.ts'
import type { Blobs } from '#ports/blobs.ts'
import { openBlobBucket, type Bucket } from '#storage/blob-bucket.ts'
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
  const bucket = await bucketOf(config, folder.nameOf)
  if (bucket === undefined) return folder
  const { log, clock } = world
  return stack.use(openBlobBucket({ folder, bucket, log, clock }))
}

/** The bucket of a node whose files are called so, where it has one. @throws EdgeError CONFIG_INVALID */
export async function bucketOf(
  { files: { bucket } }: Pick<Config, 'files'>,
  nameOf: BlobFolder['nameOf'],
): Promise<Bucket | undefined> {
  if (bucket === undefined) return undefined
  const { accessKeyFile, prefix, ...where } = bucket
  const keys = await accessKeysIn(accessKeyFile)
  // Known to this node alone, and the same after a restore: what others keep in the bucket is not listed, and not taken away.
  const own = nameOf('').slice(0, OWN_CHARACTERS)
  return openS3Bucket({ ...where, ...keys, prefix: `${prefix}${own}/` })
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
