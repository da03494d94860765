/**
 * Options that make QEMU open a local file in one format and nothing else: neither the file's name nor its content
 * can choose another driver, or another place.
 * @param driver QEMU's name of the format, such as `vpc` for VHD
 * @param path absolute
 */
export function imageOptions(driver: string, path: string): string {
  return `driver=${driver},file.driver=file,file.filename=${escapeValue(path)}`;
}

/** The same for an image that is a part of a file, such as a disk in an archive. Places in bytes. */
export function embeddedImageOptions(
  driver: string,
  path: string,
  part: { readonly offset: number; readonly length: number },
): string {
  const place = `file.driver=raw,file.offset=${part.offset},file.size=${part.length}`;
  return `driver=${driver},${place},file.file.driver=file,file.file.filename=${escapeValue(path)}`;
}

/** A comma ends a value, two are one in it (QEMU, qemu-img manual). */
function escapeValue(text: string): string {
  return text.replaceAll(',', ',,');
}
