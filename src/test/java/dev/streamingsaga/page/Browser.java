package dev.streamingsaga.page;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.logging.Level;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/** The installed Chromium, headless. Saves screenshots to {@code target/page}. */
final class Browser implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Path PICTURES = Path.of("target", "page");

    private final URI page;
    private final ChromeDriver driver;

    private Browser(URI page, ChromeDriver driver) {
        this.page = page;
        this.driver = driver;
    }

    static Browser open(URI page) {
        Optional<Path> binary = installed("chromium");
        Optional<Path> program = installed("chromedriver");
        Assumptions.assumeTrue(
                binary.isPresent() && program.isPresent(),
                "SKIPPED: no browser; apt-get install chromium chromium-driver");
        ChromeOptions options = new ChromeOptions();
        options.setBinary(binary.get().toFile());
        options.addArguments(
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1280,900");
        LoggingPreferences logs = new LoggingPreferences();
        logs.enable(LogType.BROWSER, Level.ALL);
        options.setCapability("goog:loggingPrefs", logs);
        ChromeDriverService service = new ChromeDriverService.Builder()
                .usingDriverExecutable(program.get().toFile())
                .usingAnyFreePort()
                .build();
        Browser browser = new Browser(page, new ChromeDriver(service, options));
        browser.driver.get(page.toString());
        return browser;
    }

    private static Optional<Path> installed(String program) {
        return Stream.of(System.getenv("PATH").split(":"))
                .map(folder -> Path.of(folder, program))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /** @param hash a view of the page, such as {@code #/cleanups} */
    void go(String hash) {
        driver.get(page.resolve(hash).toString());
    }

    /** Waits for the element. */
    WebElement find(String css) {
        await("there is " + css).atMost(PATIENCE).until(() -> has(css));
        return driver.findElement(By.cssSelector(css));
    }

    boolean has(String css) {
        return !driver.findElements(By.cssSelector(css)).isEmpty();
    }

    /** Clicks the element; retries if it was redrawn in the meantime. */
    void click(String css) {
        await("can click " + css)
                .atMost(PATIENCE)
                .ignoreException(StaleElementReferenceException.class)
                .until(() -> {
                    find(css).click();
                    return true;
                });
    }

    String text(String css) {
        return String.valueOf(script("return document.querySelector(arguments[0])?.textContent ?? ''", css));
    }

    /** Evaluates an expression for each matching element. */
    @SuppressWarnings("unchecked")
    List<String> each(String css, String expression) {
        return (List<String>)
                script("return [...document.querySelectorAll(arguments[0])].map(e => String(" + expression + "))", css);
    }

    Object script(String code, Object... arguments) {
        Object answer = driver.executeScript(code, arguments);
        return answer == null ? "" : answer;
    }

    /** Runs a script and returns the value that it passes to its callback, the last argument. */
    @SuppressWarnings("unchecked")
    List<String> later(String code) {
        return (List<String>) driver.executeAsyncScript(code);
    }

    String title() {
        return String.valueOf(driver.getTitle());
    }

    void type(String css, CharSequence text) {
        find(css).sendKeys(text);
    }

    /** Clears a field with keystrokes, as a user does. */
    void empty(String css) {
        find(css).sendKeys(Keys.chord(Keys.CONTROL, "a"), Keys.BACK_SPACE);
    }

    /** Sends a key to the focused element. */
    void press(CharSequence key) {
        driver.switchTo().activeElement().sendKeys(key);
    }

    void escape() {
        press(Keys.ESCAPE);
    }

    String hash() {
        return String.valueOf(script("return location.hash"));
    }

    void width(int pixels) {
        driver.executeCdpCommand(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", pixels, "height", 800, "deviceScaleFactor", 1, "mobile", false));
    }

    void offline(boolean offline) {
        driver.executeCdpCommand("Network.enable", Map.of());
        driver.executeCdpCommand(
                "Network.emulateNetworkConditions",
                Map.of("offline", offline, "latency", 0, "downloadThroughput", -1, "uploadThroughput", -1));
    }

    void dark() {
        scheme(true);
    }

    void scheme(boolean dark) {
        driver.executeCdpCommand(
                "Emulation.setEmulatedMedia",
                Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", dark ? "dark" : "light"))));
    }

    /** Warnings and errors of the browser console, such as blocked content. */
    List<String> consoleProblems() {
        return driver.manage().logs().get(LogType.BROWSER).getAll().stream()
                .filter(entry -> entry.getLevel().intValue() >= Level.WARNING.intValue())
                .map(Object::toString)
                .toList();
    }

    void picture(String name) {
        try {
            Files.createDirectories(PICTURES);
            Files.write(PICTURES.resolve(name + ".png"), driver.getScreenshotAs(OutputType.BYTES));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        driver.quit();
    }
}
