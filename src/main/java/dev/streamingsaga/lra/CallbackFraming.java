package dev.streamingsaga.lra;

import java.util.regex.Pattern;
import org.apache.http.Header;
import org.apache.http.HttpMessage;
import org.apache.http.ParseException;
import org.apache.http.ProtocolException;
import org.apache.http.config.MessageConstraints;
import org.apache.http.impl.DefaultBHttpServerConnection;
import org.apache.http.impl.DefaultHttpRequestFactory;
import org.apache.http.impl.entity.DisallowIdentityContentLengthStrategy;
import org.apache.http.impl.entity.StrictContentLengthStrategy;
import org.apache.http.impl.io.DefaultHttpRequestParserFactory;
import org.apache.http.message.BasicLineParser;
import org.apache.http.protocol.HTTP;
import org.apache.http.util.CharArrayBuffer;

/**
 * Accepts only requests whose length is unambiguous, so that no other server can see their end elsewhere (RFC 9112,
 * 5.1, 6.1 and 6.3).
 */
final class CallbackFraming {
    private static final int BUFFER_BYTES = 8 * 1024;
    private static final int MAX_HEADERS = 100;
    private static final Pattern FIELD = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\\x00-\\x08\\x0a-\\x1f\\x7f]*");
    private static final StrictContentLengthStrategy LENGTH = new StrictContentLengthStrategy(0);

    private CallbackFraming() {}

    static DefaultBHttpServerConnection connection() {
        MessageConstraints limits = MessageConstraints.custom()
                .setMaxLineLength(BUFFER_BYTES)
                .setMaxHeaderCount(MAX_HEADERS)
                .build();
        return new DefaultBHttpServerConnection(
                BUFFER_BYTES,
                BUFFER_BYTES,
                null,
                null,
                limits,
                new DisallowIdentityContentLengthStrategy(message -> {
                    require(message);
                    return LENGTH.determineLength(message);
                }),
                null,
                new DefaultHttpRequestParserFactory(new Fields(), DefaultHttpRequestFactory.INSTANCE),
                null);
    }

    /** @throws ProtocolException if the framing is ambiguous; answered with 400 */
    static void require(HttpMessage message) throws ProtocolException {
        Header[] codings = message.getHeaders(HTTP.TRANSFER_ENCODING);
        Header[] lengths = message.getHeaders(HTTP.CONTENT_LEN);
        if (codings.length + lengths.length > 1) {
            throw new ProtocolException("Content-Length and Transfer-Encoding: send one of them, once");
        }
        if (codings.length == 1 && !codings[0].getValue().equalsIgnoreCase(HTTP.CHUNK_CODING)) {
            throw new ProtocolException("the only supported Transfer-Encoding is chunked");
        }
        if (lengths.length == 1 && !lengths[0].getValue().matches("\\d{1,18}")) {
            throw new ProtocolException("Content-Length must be a number of bytes");
        }
    }

    private static final class Fields extends BasicLineParser {
        @Override
        public Header parseHeader(CharArrayBuffer line) throws ParseException {
            if (!FIELD.matcher(line).matches()) {
                throw new ParseException("a header name must be a token, followed directly by a colon");
            }
            return super.parseHeader(line);
        }
    }
}
