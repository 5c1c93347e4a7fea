package dev.streamingsaga.charset;

import java.nio.charset.Charset;
import java.util.List;
import java.util.stream.Stream;

/**
 * A few sentences in many languages, and the charsets in which they are written.
 *
 * @param language BCP 47
 */
public record LanguageSample(String language, String text, List<String> charsets) {
    public static final List<LanguageSample> ALL = List.of(
            of(
                    "de",
                    "Der Wärter zählt jeden Morgen die Möwen über dem Hafen. Größere Vögel fürchten "
                            + "sich vor dem Licht des Turmes, kleine Küken hören nur auf ihre Mütter. Im "
                            + "Frühjahr müssen die Fenster geputzt und das Öl nachgefüllt werden. Überall "
                            + "riecht es nach Fisch und Straßenstaub.",
                    "windows-1252 ISO-8859-1 ISO-8859-15 IBM850 IBM437 x-MacRoman IBM500 IBM1047 IBM273 UTF-16LE UTF-16BE UTF-32LE UTF-32BE"),
            of(
                    "en",
                    "The keeper counts gulls each morning – “forty-two”, he says. It’s a café’s "
                            + "worth of noise: £5 of bread, and they’re gone. Nobody knows why the lamp burns "
                            + "at noon; the naïve visitor asks for a résumé of the matter.",
                    "windows-1252 x-MacRoman UTF-16LE IBM1047"),
            of(
                    "fr",
                    "Le gardien du phare compte les mouettes chaque matin. Les élèves étaient très "
                            + "fâchés, car le garçon avait mangé la crème brûlée à Noël. Où êtes-vous allés "
                            + "après la fête de l'école ? Ça dépend de la météo et du bœuf.",
                    "windows-1252 IBM850 x-MacRoman UTF-16BE"),
            of(
                    "es",
                    "El niño pequeño contó las gaviotas mañana y tarde. ¿Dónde está el farero? ¡Qué "
                            + "día más frío! La señora compró jamón, azúcar y pingüinos de peluche en el "
                            + "último almacén del pueblo.",
                    "ISO-8859-1 IBM850 x-MacRoman"),
            of(
                    "sv",
                    "Fyrvaktaren räknar måsarna varje morgon över hamnen. Små fåglar är rädda för "
                            + "ljuset från tornet. På våren måste fönstren putsas och oljan fyllas på, så att "
                            + "båtarna hittar hem även när dimman ligger tät över ön.",
                    "ISO-8859-1 IBM850 x-MacRoman"),
            of(
                    "da",
                    "Fyrpasseren tæller mågerne hver morgen over havnen. Små fugle er bange for "
                            + "lyset på tårnet. Om foråret skal vinduerne pudses og olien fyldes på, så både "
                            + "skibe og børn kan finde hjem, når tågen ligger tæt over øen.",
                    "ISO-8859-1 IBM850 x-MacRoman"),
            of(
                    "pl",
                    "Latarnik każdego ranka liczy mewy nad portem. Większe ptaki boją się światła "
                            + "wieży, a małe pisklęta słuchają tylko swoich matek. Wiosną trzeba umyć okna i "
                            + "uzupełnić olej. Wszędzie pachnie rybą i żółtym piaskiem. Źródło leży tuż obok "
                            + "ścieżki.",
                    "windows-1250 ISO-8859-2 IBM852"),
            of(
                    "cs",
                    "Strážce majáku každé ráno počítá racky nad přístavem. Větší ptáci se bojí "
                            + "světla věže, malá mláďata poslouchají jen své matky. Na jaře je třeba umýt okna "
                            + "a doplnit olej. Všude je cítit ryby, žlutý písek a příliš žluťoučký kůň úpěl "
                            + "ďábelské ódy.",
                    "windows-1250 ISO-8859-2 IBM852"),
            of(
                    "hu",
                    "A világítótorony őre minden reggel megszámolja a sirályokat a kikötő fölött. A "
                            + "nagyobb madarak félnek a torony fényétől, a kis fiókák csak anyjukra "
                            + "hallgatnak. Tavasszal meg kell tisztítani az ablakokat, és fel kell tölteni az "
                            + "olajat. Mindenütt halszag és hűvös szél van.",
                    "windows-1250 ISO-8859-2"),
            of(
                    "tr",
                    "Fener bekçisi her sabah limanın üzerindeki martıları sayar. Büyük kuşlar "
                            + "kulenin ışığından korkar, küçük yavrular yalnızca annelerini dinler. İlkbaharda "
                            + "pencereler silinmeli ve yağ doldurulmalıdır. Her yer balık ve çamur kokuyor, "
                            + "ağaçlar ise yeşil.",
                    "windows-1254 ISO-8859-9"),
            of(
                    "ru",
                    "Смотритель маяка считает чаек на берегу моря каждое утро до завтрака. Большие "
                            + "птицы боятся света башни, а маленькие птенцы слушают только своих матерей. "
                            + "Весной нужно мыть окна и доливать масло. Всюду пахнет рыбой и дорожной пылью.",
                    "windows-1251 KOI8-R IBM866 ISO-8859-5 x-MacCyrillic UTF-16LE UTF-16BE UTF-32LE"),
            of(
                    "uk",
                    "Доглядач маяка щоранку рахує чайок над гаванню. Більші птахи бояться світла "
                            + "вежі, а маленькі пташенята слухають тільки своїх матерів. Навесні треба мити "
                            + "вікна і доливати олію. Всюди пахне рибою та дорожнім пилом, їжаки ж сплять.",
                    "windows-1251 KOI8-U"),
            of(
                    "bg",
                    "Пазачът на фара брои чайките всяка сутрин над пристанището. По-големите птици "
                            + "се страхуват от светлината на кулата, а малките слушат само майките си. През "
                            + "пролетта трябва да се измият прозорците и да се долее масло.",
                    "windows-1251"),
            of(
                    "el",
                    "Ο φαροφύλακας μετρά τους γλάρους κάθε πρωί πάνω από το λιμάνι. Τα μεγαλύτερα "
                            + "πουλιά φοβούνται το φως του πύργου, τα μικρά ακούν μόνο τις μητέρες τους. Την "
                            + "άνοιξη πρέπει να καθαριστούν τα παράθυρα. Άλλωστε παντού μυρίζει ψάρι.",
                    "windows-1253 ISO-8859-7 UTF-16LE"),
            of(
                    "he",
                    "שומר המגדלור סופר את השחפים בכל בוקר מעל הנמל. הציפורים הגדולות מפחדות מאור "
                            + "המגדל, והגוזלים הקטנים מקשיבים רק לאמותיהם. באביב צריך לנקות את החלונות ולהוסיף "
                            + "שמן. בכל מקום יש ריח של דגים.",
                    "windows-1255 ISO-8859-8"),
            of(
                    "ar",
                    "حارس المنارة يعد النوارس كل صباح فوق الميناء. الطيور الكبيرة تخاف من ضوء البرج، "
                            + "والفراخ الصغيرة تسمع أمهاتها فقط. في الربيع يجب تنظيف النوافذ وإضافة الزيت. في "
                            + "كل مكان رائحة السمك.",
                    "windows-1256 ISO-8859-6 UTF-16LE"),
            of(
                    "ja",
                    "灯台守は毎朝、港の上を飛ぶカモメを数えます。大きな鳥は塔の光を恐れ、小さなひなは母親の声だけを聞いています。春になると窓を拭き、油を足さなけ"
                            + "ればなりません。どこでも魚のにおいがします。東京の会社員はコーヒーを飲みながら新聞を読んでいる。",
                    "Shift_JIS windows-31j EUC-JP ISO-2022-JP UTF-16LE UTF-16BE"),
            of(
                    "zh",
                    "灯塔的看守人每天早晨都要数一数港口上空的海鸥。大鸟害怕塔上的光，小鸟只听妈妈的话。春天的时候必须擦窗户，加油。到处都是鱼的味道。我们在这里工" + "作了三年，没有人知道为什么灯在中午也亮着。",
                    "GB18030 GBK UTF-16LE UTF-16BE UTF-32BE"),
            of(
                    "zh-TW",
                    "燈塔的看守人每天早晨都要數一數港口上空的海鷗。大鳥害怕塔上的光，小鳥只聽媽媽的話。春天的時候必須擦窗戶，加油。到處都是魚的味道。我們在這裡工" + "作了三年，沒有人知道為什麼燈在中午也亮著。",
                    "Big5 UTF-16LE"),
            of(
                    "ko",
                    "등대지기는 매일 아침 항구 위의 갈매기를 센다. 큰 새들은 탑의 불빛을 두려워하고, 작은 새끼들은 어미의 말만 듣는다. 봄에는 창문을 닦고 "
                            + "기름을 채워야 한다. 어디에서나 생선 냄새가 난다.",
                    "EUC-KR x-windows-949 UTF-16LE"),
            of(
                    "th",
                    "ผู้ดูแลประภาคารนับนกนางนวลเหนือท่าเรือทุกเช้า นกตัวใหญ่กลัวแสงจากหอคอย "
                            + "ส่วนลูกนกฟังแต่แม่ของมัน ในฤดูใบไม้ผลิต้องเช็ดหน้าต่างและเติมน้ำมัน "
                            + "ทุกที่มีกลิ่นปลา",
                    "x-windows-874 TIS-620"));

    private static LanguageSample of(String language, String text, String charsets) {
        return new LanguageSample(language, text + "\n", List.of(charsets.split(" ")));
    }

    public Stream<Charset> supportedCharsets() {
        return charsets.stream().filter(Charset::isSupported).map(Charset::forName);
    }

    /** The sample repeated or cut to this number of characters. */
    public String text(int chars) {
        return text.repeat(chars / text.length() + 1).substring(0, chars);
    }
}
