/**
 * The version in what a router reports of itself: the third word of the release line, as both Cosmic and CloudStack
 * take it (trimRouterVersion splits at blanks). A text without blanks is taken for that word itself; a signature that
 * the router adds after `&` is left out. An empty text where there is no third word.
 */
export function releaseLineWord(text: string): string {
  if (!text.includes(' ')) return text;
  return text.split('&', 1)[0]?.split(' ')[2] ?? '';
}
