"""Send an answer while it is computed."""

import asyncio
from collections.abc import Mapping

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from klustergraf.errors import GraphError
from klustergraf_api.compression import Compressor, compressor
from klustergraf_api.execution import AnswerBrokeOff, until_gone
from klustergraf_api.metrics import OK, outcome_of
from klustergraf_api.opening import OpenAnswer


class AnswerResponse(Response):
    """Sends an answer while it is computed.

    A client that hangs up stops the query. An answer that breaks off breaks the connection off:
    no client can take it for a whole one.
    """

    def __init__(
        self,
        answer: OpenAnswer,
        *,
        media_type: str,
        headers: Mapping[str, str],
        coding: str = "",
    ) -> None:
        super().__init__(status_code=200, headers=headers, media_type=media_type)
        del self.headers["content-length"]
        self._answer = answer
        self._compressor: Compressor | None = None
        if coding:
            self.headers["Content-Encoding"] = coding
            self._compressor = compressor(coding)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer (ASGI).

        Errors: AnswerBrokeOff; the connection must then be aborted.
        """
        sending = asyncio.ensure_future(self._send(scope, send))
        gone = asyncio.ensure_future(until_gone(receive))
        outcome = OK
        try:
            await asyncio.wait((sending, gone), return_when=asyncio.FIRST_COMPLETED)
            if gone.done() and not sending.done():
                outcome = "client-gone"
            else:
                sending.result()
        except GraphError as exc:
            outcome = outcome_of(exc)
            raise AnswerBrokeOff(str(exc)) from exc
        finally:
            gone.cancel()
            if not sending.done():
                sending.cancel()
                await asyncio.wait((sending,))
            self._answer.close(outcome)

    async def _send(self, scope: Scope, send: Send) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        if scope["method"] != "HEAD":
            piece = self._answer.first
            while piece:
                await self._send_piece(piece, send)
                if self._answer.is_complete:
                    break
                piece = await self._answer.next_piece()
        rest = self._compressor.flush() if self._compressor is not None else b""
        await send({"type": "http.response.body", "body": rest, "more_body": False})

    async def _send_piece(self, piece: bytes, send: Send) -> None:
        if self._compressor is not None:
            piece = await asyncio.to_thread(self._compressor.compress, piece)
        if piece:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
