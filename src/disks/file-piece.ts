/** Bytes and their place in a file. */
export interface FilePiece {
  readonly offset: number;
  readonly data: Buffer;
}
