package dev.streamingsaga.embedded;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.HttpConstants;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.impl.VertxHttpRequestDecoder;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Refuses every request whose length is ambiguous, so that a proxy in front cannot see its end elsewhere (RFC 9112,
 * 5.1, 5.2, 6.1 and 6.3). Netty itself accepts {@code chunked} in any position and joins folded lines. Bytes after such
 * a request are discarded until the connection is closed.
 */
final class StrictRequestDecoder extends VertxHttpRequestDecoder {
    /** Fired when the first byte of the headers has arrived. */
    static final Object HEAD_BEGUN = new Object() {
        @Override
        public String toString() {
            return "head begun";
        }
    };

    private static final Pattern TOKEN = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");

    private boolean inHead = true;
    private boolean headBegun;
    private boolean requestLineRead;
    private boolean refused;

    StrictRequestDecoder(HttpServerOptions options) {
        super(options);
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws Exception {
        if (inHead && !headBegun && in.isReadable()) {
            headBegun = true;
            ctx.fireUserEventTriggered(HEAD_BEGUN);
        }
        if (refused || inHead && hasFoldedLine(in)) {
            in.skipBytes(in.readableBytes());
            if (!refused) {
                refused = true;
                HttpMessage message = createInvalidMessage();
                message.setDecoderResult(DecoderResult.failure(
                        RefusedRequest.framing("a header is folded over two lines; send it on one line")));
                out.add(message);
            }
            return;
        }
        int known = out.size();
        super.decode(ctx, in, out);
        out.subList(known, out.size()).forEach(this::follow);
    }

    private void follow(Object decoded) {
        refused |=
                decoded instanceof HttpObject object && object.decoderResult().isFailure();
        if (decoded instanceof HttpRequest) {
            inHead = false;
        }
        if (decoded instanceof LastHttpContent) {
            inHead = true;
            headBegun = false;
            requestLineRead = false;
        }
    }

    /** The decoder consumes whole lines, so the buffer always begins with a line. */
    private boolean hasFoldedLine(ByteBuf in) {
        int line = requestLineRead ? in.readerIndex() : afterRequestLine(in);
        int end = in.writerIndex();
        while (line < end) {
            byte first = in.getByte(line);
            if (first == ' ' || first == '\t') {
                return true;
            }
            int feed = in.indexOf(line, end, HttpConstants.LF);
            boolean headEnds = feed == line || feed == line + 1 && first == HttpConstants.CR;
            if (feed < 0 || headEnds) {
                return false;
            }
            line = feed + 1;
        }
        return false;
    }

    /** Empty lines before a request are allowed. */
    private static int afterRequestLine(ByteBuf in) {
        int start = in.readerIndex();
        while (start < in.writerIndex() && in.getByte(start) >= 0 && in.getByte(start) <= ' ') {
            start++;
        }
        int feed = in.indexOf(start, in.writerIndex(), HttpConstants.LF);
        return feed < 0 ? in.writerIndex() : feed + 1;
    }

    @Override
    protected HttpMessage createMessage(String[] requestLine) {
        requestLineRead = true;
        String version = requestLine[2];
        if (!version.equals(HttpVersion.HTTP_1_1.text()) && !version.equals(HttpVersion.HTTP_1_0.text())) {
            throw new RefusedRequest(
                    version.matches("HTTP/\\d[.]\\d") ? 505 : 400,
                    "bad-version",
                    "the request line must end with HTTP/1.1 or HTTP/1.0; nothing was read, and the connection is"
                            + " closed");
        }
        return super.createMessage(requestLine);
    }

    /** The request that is answered, as HTTP/1.1, in place of an invalid one. */
    @Override
    protected HttpMessage createInvalidMessage() {
        return new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "/bad-request");
    }

    /**
     * Netty calls this after it has all headers and before it decides where the body ends: an exception here makes the
     * request invalid.
     */
    @Override
    protected boolean isContentAlwaysEmpty(HttpMessage message) {
        if (message != null) {
            requireFields(message.headers());
            requireFraming(message);
        }
        return super.isContentAlwaysEmpty(message);
    }

    private static void requireFields(HttpHeaders headers) {
        for (Map.Entry<String, String> field : headers) {
            if (!TOKEN.matcher(field.getKey()).matches()) {
                throw RefusedRequest.framing("a header name must be a token, followed directly by a colon");
            }
            if (field.getValue().chars().anyMatch(c -> c < ' ' && c != '\t' || c == 0x7f)) {
                throw RefusedRequest.framing("the header " + field.getKey() + " contains a control character");
            }
        }
    }

    private static void requireFraming(HttpMessage message) {
        HttpHeaders headers = message.headers();
        if (headers.contains("Sec-WebSocket-Key1")) {
            throw RefusedRequest.framing(
                    "the first WebSocket draft, with a body that no header declares, is not supported");
        }
        List<String> codings = headers.getAll(HttpHeaderNames.TRANSFER_ENCODING);
        if (codings.isEmpty()) {
            return;
        }
        if (codings.size() > 1) {
            throw RefusedRequest.framing("Transfer-Encoding was sent " + codings.size() + " times; send it once");
        }
        if (headers.contains(HttpHeaderNames.CONTENT_LENGTH)) {
            throw RefusedRequest.framing("Content-Length and Transfer-Encoding exclude each other; send one of them");
        }
        if (!HttpVersion.HTTP_1_1.equals(message.protocolVersion())) {
            throw RefusedRequest.framing("HTTP/1.0 has no Transfer-Encoding; send Content-Length, or HTTP/1.1");
        }
        if (!codings.get(0).equalsIgnoreCase("chunked")) {
            throw new RefusedRequest(
                    501,
                    "transfer-coding",
                    "the only supported Transfer-Encoding is chunked; nothing was read, and the connection is closed");
        }
    }
}
