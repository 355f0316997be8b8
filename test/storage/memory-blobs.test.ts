import { test } from 'tap'
import { openMemoryBlobs } from '#storage/memory-blobs.ts'
import { blobsContract } from '../contracts/blobs.ts'

test('memory keeps the contract of blobs', (t) => blobsContract(t, async () => openMemoryBlobs()))
