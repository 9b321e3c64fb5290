/**
 * Whether the head of a response says that its replica is out of order. Statuses 502, 503 and 504
 * come from whatever stands before a server that does not answer, a load balancer or a platform.
 * With a JSON body they are the MCP server's own word about one request, and prove that it answers.
 * Any other status is an answer, too: 500 may be the fault of the request.
 */
export function isGatewayFailure(status: number, contentType: string | undefined): boolean {
  if (status !== 502 && status !== 503 && status !== 504) return false;
  return contentType === undefined || !/^application\/json\b/i.test(contentType);
}
