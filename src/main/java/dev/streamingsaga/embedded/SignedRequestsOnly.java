package dev.streamingsaga.embedded;

import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.shaded.org.eclipse.jetty.http.HttpHeader;
import org.gaul.shaded.org.eclipse.jetty.http.HttpStatus;
import org.gaul.shaded.org.eclipse.jetty.io.Content;
import org.gaul.shaded.org.eclipse.jetty.server.Handler;
import org.gaul.shaded.org.eclipse.jetty.server.Request;
import org.gaul.shaded.org.eclipse.jetty.server.Response;
import org.gaul.shaded.org.eclipse.jetty.server.Server;
import org.gaul.shaded.org.eclipse.jetty.util.Callback;

/**
 * Answers every request without a version 4 signature, in header or query, with 403 {@code AccessDenied}, for every
 * method, and whether or not bucket and key exist. Does not read its body. S3Proxy itself would serve such a request if
 * the mode of the file or bucket permits it, and would distinguish missing keys from forbidden ones. S3Proxy verifies
 * the signatures of all other requests.
 */
final class SignedRequestsOnly extends Handler.Wrapper {
    private static final String ALGORITHM = "AWS4-HMAC-SHA256";
    private static final String DENIED = """
            <?xml version="1.0" encoding="UTF-8"?>
            <Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>""";

    private SignedRequestsOnly(Handler signed) {
        super(signed);
    }

    /**
     * Call before the server starts. S3Proxy has no extension point for this, so its Jetty server is read by
     * reflection.
     */
    static void protect(S3Proxy proxy) throws ReflectiveOperationException {
        Field field = S3Proxy.class.getDeclaredField("server");
        field.setAccessible(true);
        Server server = (Server) field.get(proxy);
        server.setHandler(new SignedRequestsOnly(server.getHandler()));
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        if (isSigned(request)) {
            return super.handle(request, response, callback);
        }
        response.setStatus(HttpStatus.FORBIDDEN_403);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/xml");
        response.getHeaders().put(HttpHeader.CONTENT_LENGTH, DENIED.getBytes(StandardCharsets.UTF_8).length);
        if (request.getLength() != 0) {
            response.getHeaders().put(HttpHeader.CONNECTION, "close");
        }
        Content.Sink.write(response, true, DENIED, callback);
        return true;
    }

    private static boolean isSigned(Request request) {
        String header = request.getHeaders().get(HttpHeader.AUTHORIZATION);
        return header != null && header.startsWith(ALGORITHM)
                || ALGORITHM.equals(Request.extractQueryParameters(request).getValue("X-Amz-Algorithm"));
    }
}
