/** One of the processes of a gateway. */
import { runGatewayProcess } from "@lutra/gateway";

runGatewayProcess(async () => ({}));
