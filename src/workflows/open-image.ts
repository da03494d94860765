import type { ImageReport } from '../inspection/image-report.ts';
import type { WorkflowContext } from './build-request.ts';
export interface OpenedImage { readonly report: ImageReport; readonly imageOptions: string; readonly rawPath?: string }
export async function openImage(path: string, _context: WorkflowContext): Promise<OpenedImage> {
  return { report: {} as ImageReport, imageOptions: '', rawPath: path };
}
