/**
 * What every one-shot command loads, so that the build puts it all in one file: a program that agents start a thousand times a day
 * pays for each file that it opens. Nothing here may import zod, ws, ink, MCP or the server.
 */
import "./client/http.ts";
import "./commands/index.ts";
import "./commands/shared/context.ts";
import "./commands/shared/filter.ts";
import "./commands/shared/move.ts";
import "./commands/shared/options.ts";
import "./commands/shared/values.ts";
import "./commands/shared/words.ts";
import "./output/claims.ts";
import "./output/tasks.ts";
import "./program.ts";
import "./report.ts";
