package dev.streamingsaga.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.rolling.FixedWindowRollingPolicy;
import ch.qos.logback.core.rolling.RollingFileAppender;
import ch.qos.logback.core.rolling.SizeBasedTriggeringPolicy;
import ch.qos.logback.core.util.FileSize;
import dev.streamingsaga.config.OperationConfig.LogFormat;
import dev.streamingsaga.config.OperationConfig.Observability;
import dev.streamingsaga.datadir.Permissions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import net.logstash.logback.encoder.LogstashEncoder;
import org.slf4j.LoggerFactory;
import org.slf4j.bridge.SLF4JBridgeHandler;

/**
 * Configures the log: {@code DATA/logs/saga.log} for commands that write to a data directory, and errors on standard
 * error for read-only commands.
 */
final class Logs {
    private static final String PATTERN =
            "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %-5level %logger{0} %replace(%msg){'[\\r\\n]','?'}%n%rootException{8}";

    private Logs() {}

    /** @param watch format of the lines, and whether they go to standard error too */
    static void toFile(Path dataDir, Observability watch) {
        boolean json = watch.logFormat() == LogFormat.JSON;
        String file = createFile(dataDir.resolve("logs").resolve("saga.log")).toString();
        LoggerContext context = reset();
        RollingFileAppender<ILoggingEvent> appender = new RollingFileAppender<>();
        appender.setContext(context);
        appender.setFile(file);
        FixedWindowRollingPolicy names = new FixedWindowRollingPolicy();
        names.setContext(context);
        names.setParent(appender);
        names.setFileNamePattern(file + ".%i");
        names.setMinIndex(1);
        names.setMaxIndex(5);
        names.start();
        SizeBasedTriggeringPolicy<ILoggingEvent> size = new SizeBasedTriggeringPolicy<>();
        size.setContext(context);
        size.setMaxFileSize(FileSize.valueOf("10MB"));
        size.start();
        appender.setRollingPolicy(names);
        appender.setTriggeringPolicy(size);
        attach(context, appender, json ? json(context) : text(context), Level.WARN);
        if (watch.logToConsole()) {
            attach(context, standardError(context), json ? json(context) : text(context), Level.WARN);
        }
        context.getLogger("dev.streamingsaga").setLevel(Level.INFO);
        // The tokenizer's library warns if there is no graphics card.
        context.getLogger("ai.djl").setLevel(Level.ERROR);
        // PDFBox warns of each font of a PDF that this machine lacks; the extracted text is the same.
        context.getLogger("org.apache.pdfbox").setLevel(Level.ERROR);
    }

    /** Creates the log file, private since it names documents. Rotated files keep its mode. */
    private static Path createFile(Path log) {
        try {
            Permissions.folder(Objects.requireNonNull(log.getParent()));
            return Permissions.file(log);
        } catch (IOException e) {
            throw new UsageException("cannot write the log " + log + ": " + e);
        }
    }

    static void toStandardError() {
        LoggerContext context = reset();
        attach(context, standardError(context), text(context), Level.ERROR);
    }

    private static ConsoleAppender<ILoggingEvent> standardError(LoggerContext context) {
        ConsoleAppender<ILoggingEvent> appender = new ConsoleAppender<>();
        appender.setContext(context);
        appender.setTarget("System.err");
        return appender;
    }

    private static LoggerContext reset() {
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        context.reset();
        SLF4JBridgeHandler.removeHandlersForRootLogger();
        SLF4JBridgeHandler.install();
        return context;
    }

    private static Encoder<ILoggingEvent> text(LoggerContext context) {
        PatternLayoutEncoder encoder = new PatternLayoutEncoder();
        encoder.setContext(context);
        encoder.setPattern(PATTERN);
        encoder.start();
        return encoder;
    }

    /** One JSON object per line; the fields of a saga's line are fields of the object. */
    private static Encoder<ILoggingEvent> json(LoggerContext context) {
        LogstashEncoder encoder = new LogstashEncoder();
        encoder.setContext(context);
        encoder.start();
        return encoder;
    }

    private static void attach(
            LoggerContext context,
            OutputStreamAppender<ILoggingEvent> appender,
            Encoder<ILoggingEvent> encoder,
            Level level) {
        appender.setEncoder(encoder);
        appender.start();
        Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        root.setLevel(level);
        root.addAppender(appender);
    }
}
