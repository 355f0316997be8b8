/** What may be set for files: where they go beside the folder. */
import { file, object, text } from './schema-words.ts'

const Bucket = object({
  endpoint: text(
    /^https?:\/\/[^\s/?#]{1,253}\/[^\s/?#]{1,63}$/,
    'a URL with the bucket as its path, like https://store.example/holdfast',
  ).describe('Where the bucket is: the server, and the bucket as path.'),
  region: text(/^[a-z0-9-]{1,64}$/, '1 to 64 of a-z, 0-9 and -')
    .default('us-east-1')
    .describe('Region of the bucket, as its requests are signed for.'),
  accessKeyFile: file.describe(
    'Path of a file with two lines: the id of an access key, and its secret.',
  ),
  prefix: text(/^(?:[A-Za-z0-9._-]{1,64}\/){0,4}$/, 'up to four names, each with a / behind it')
    .default('')
    .describe('What names of objects begin with, before a name that each node has for itself.'),
})

/** The part of the config about files. */
export const Files = object({
  bucket: Bucket.optional().describe(
    'Bucket of an S3-compatible store to which a hub moves its files, sealed; they stay in the data folder without.',
  ),
})
